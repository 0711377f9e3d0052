import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export const progress = (text: string): void => console.error(`  ${text}`)

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

export interface ProcessUse {
  readonly pid: number
  readonly command: string
  /** Proportional set size. */
  readonly pssKb: number
  /** Its own and that of children that have ended. */
  readonly cpuMs: number
}

/** A process and all that descends from it, in whatever PID namespace: an orphan goes to the init of its own, which is among them. */
export function processTree(root: number): readonly ProcessUse[] {
  const children = new Map<number, number[]>()
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = unlessEnded(() => statOf(pid).parent)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const pids = [root]
  for (const pid of pids) pids.push(...(children.get(pid) ?? []))
  return pids.flatMap(pid => unlessEnded(() => useOf(pid)) ?? [])
}

function unlessEnded<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function useOf(pid: number): ProcessUse {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  const { cpuMs, childrenCpuMs } = statOf(pid)
  return { pid, command, pssKb: pssKb(pid), cpuMs: cpuMs + childrenCpuMs }
}

/** Proportional set size. Throws when the process has ended. */
export const pssKb = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)

interface Stat {
  readonly parent: number
  /** User and system, of all threads. */
  readonly cpuMs: number
  /** Of children that it has waited for. */
  readonly childrenCpuMs: number
}

const MS_PER_TICK = 10

/** Source: proc(5), /proc/pid/stat. Throws when the process has ended. */
export function statOf(pid: number): Stat {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ms = (user: number): number => (Number(fields[user]) + Number(fields[user + 1])) * MS_PER_TICK
  return { parent: Number(fields[1]), cpuMs: ms(11), childrenCpuMs: ms(13) }
}

/** Runs the bench of this name again in namespaces of its own, and answers what it found there. */
export function inWorld(name: string): object {
  const command = ['npx', 'tsx', 'bench/main.ts', name, 'inside']
  const { status, stdout } = spawnSync('tools/in-world.sh', command, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`the bench ended with ${status}`)
  const { bench: _, ...found } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
  return found
}
