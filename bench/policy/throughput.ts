import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { POLICY_TABLES } from '../../src/datapath/policy/skeleton.ts'
import { progress } from '../measure.ts'

const ROUNDS = 10
/** A second of CPU or more: shorter ones differ by a tenth among themselves. */
const MEGABYTES = 2000
const PORT = 8081
const ATTEMPTS = 5

export interface Ends {
  /** Names of namespaces. */
  readonly client: string
  readonly server: string
  readonly nodes: readonly string[]
  readonly address: string
}

/** CPU for a byte without policy over CPU for a byte with it: 1 is as fast. Runs alternate, their totals count. */
export async function throughputRatio(ends: Ends): Promise<number> {
  const program = join(mkdtempSync(join(tmpdir(), 'bench-')), 'stream')
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'stream.c')])
  const ratios: number[] = []
  const totalMs = new Map([true, false].map(isOn => [isOn, 0]))
  for (let i = 0; i < ROUNDS; i++) {
    // Who goes first alternates too.
    const order = i % 2 === 0 ? [true, false] : [false, true]
    const cpuMs = new Map<boolean, number>()
    for (const isOn of order) {
      enable(ends.nodes, isOn)
      cpuMs.set(isOn, await stream(program, ends))
      totalMs.set(isOn, totalMs.get(isOn)! + cpuMs.get(isOn)!)
    }
    ratios.push(cpuMs.get(false)! / cpuMs.get(true)!)
  }
  enable(ends.nodes, true)
  progress(`CPU a byte without policy and with it: ${ratios.map(ratio => ratio.toFixed(2)).join(' ')}`)
  return totalMs.get(false)! / totalMs.get(true)!
}

/** A dormant table keeps its rules but sees no packet. */
function enable(nodes: readonly string[], isOn: boolean): void {
  for (const node of nodes) {
    const there = execFileSync('ip', ['netns', 'exec', node, 'nft', 'list', 'tables'], { encoding: 'utf8' })
    for (const { family, name } of POLICY_TABLES) {
      if (!there.includes(name)) continue
      const flags = isOn ? [] : ['{', 'flags', 'dormant', ';', '}']
      execFileSync('ip', ['netns', 'exec', node, 'nft', 'add', 'table', family, name, ...flags])
    }
  }
}

/** A stream that breaks off says nothing of policy: it is begun anew, and that is told. */
async function stream(program: string, ends: Ends): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await streamOnce(program, ends)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      progress(`a stream broke off and is begun anew: ${error instanceof Error ? error.message : error}`)
    }
  }
}

async function streamOnce(program: string, { client, server, address }: Ends): Promise<number> {
  const serving = spawn('ip', ['netns', 'exec', server, program, 'serve', String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const lines = createInterface(serving.stdout)[Symbol.asyncIterator]()
    const next = async (): Promise<string> => {
      const { value, done } = await lines.next()
      if (done) throw new Error('the receiver ended early')
      return value
    }
    await next()
    const command = ['netns', 'exec', client, program, 'send', address, String(PORT), String(MEGABYTES)]
    const { stdout } = await promisify(execFile)('ip', command)
    const cpuMs = Number(stdout) + Number(await next())
    if (!(cpuMs > 0)) throw new Error('no CPU was counted')
    return cpuMs
  } finally {
    serving.kill('SIGKILL')
  }
}
