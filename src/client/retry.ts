import { isConflict } from './mod.ts'

/** Runs f again while another writer was faster; f must read the object anew each time. */
export async function retryOnConflict<T>(f: () => Promise<T>, tries = 5): Promise<T> {
  for (let left = tries - 1; ; left--) {
    try {
      return await f()
    } catch (error) {
      if (!isConflict(error) || left <= 0) throw error
    }
  }
}
