import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export const progress = (text: string): void => console.error(`  ${text}`)

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

export interface ProcessMemory {
  readonly pid: number
  readonly command: string
  readonly pssKb: number
  readonly cpuMs: number
}

/** Every process of the PID namespace that the given process's children live in, with its proportional set size. */
export function processesOf(worldPid: number): ProcessMemory[] {
  const namespace = readlinkSync(`/proc/${worldPid}/ns/pid_for_children`)
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        if (Number(name) !== worldPid && readlinkSync(`/proc/${name}/ns/pid`) !== namespace) return []
        return [memoryOf(Number(name))]
      } catch {
        return [] // It ended meanwhile.
      }
    })
}

function memoryOf(pid: number): ProcessMemory {
  const pss = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  return { pid, command, pssKb: Number(pss?.[1] ?? 0), cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 }
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
