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
    const parent = statOf(pid)?.parent
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const pids = [root]
  for (const pid of pids) pids.push(...(children.get(pid) ?? []))
  return pids.flatMap(pid => useOf(pid) ?? [])
}

const MS_PER_TICK = 10

/** CPU of this process, and of children that it has waited for. */
export function ownAndChildrenCpuMs(): { readonly own: number; readonly children: number } {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number) as [number, ...number[]]
  const [user, system, childUser = 0, childSystem = 0] = ticks
  return { own: (user + system!) * MS_PER_TICK, children: (childUser + childSystem) * MS_PER_TICK }
}

/** Source: proc(5), /proc/pid/stat. Undefined when the process has ended. */
function statOf(pid: number): { readonly parent: number; readonly cpuMs: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { parent: Number(fields[1]), cpuMs: ticks * MS_PER_TICK }
  } catch {
    return undefined
  }
}

function useOf(pid: number): ProcessUse | undefined {
  try {
    const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, command, pssKb: Number(pss?.[1] ?? 0), cpuMs: statOf(pid)!.cpuMs }
  } catch {
    return undefined
  }
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
