import { readdir, readFile } from 'node:fs/promises'
import type { Usage } from './mod.ts'

/** The kernel's clock ticks a second, and the size of its pages: fixed on Linux but for exotic machines. */
const TICKS = 100
const PAGE_BYTES = 4096

/** What a process uses, by /proc; undefined once it has ended. */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  try {
    const of = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8')
    const [stat, limits, files, system] = await Promise.all([
      of('stat'),
      of('limits'),
      readdir(`/proc/${pid}/fd`),
      readFile('/proc/stat', 'utf8'),
    ])
    // The name stands in parentheses and may hold anything; the third field follows it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const field = (number: number): number => Number(fields[number - 3])
    const limit = (name: string): number => Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(limits)?.[1] ?? -1)
    return {
      cpuSeconds: (field(14) + field(15)) / TICKS,
      startSeconds: Number(/^btime (\d+)/m.exec(system)?.[1] ?? 0) + field(22) / TICKS,
      virtualBytes: field(23),
      maxVirtualBytes: limit('Max address space'),
      residentBytes: field(24) * PAGE_BYTES,
      openFiles: files.length,
      maxFiles: limit('Max open files'),
    }
  } catch {
    return undefined
  }
}
