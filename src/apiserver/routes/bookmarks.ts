import type { Kernel } from '../context.ts'
import type { Route } from './mod.ts'
import { jsonPage } from './page.ts'

/** Tells every watch how far the store is, so that whoever waits for convergence need not wait for the next beat. */
export const bookmarksRoute =
  ({ store, watches }: Kernel): Route =>
  request => {
    if (request.path !== '/fairlead/bookmarks' || request.method !== 'POST') return undefined
    watches.bookmarkAll()
    return jsonPage({ resourceVersion: String(store.revision) })
  }
