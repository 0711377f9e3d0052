import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { POLICY_TABLES } from '../../src/datapath/policy/skeleton.ts'
import { median, progress } from '../measure.ts'

const ROUNDS = 10
const MEGABYTES = 600
const PORT = 8081

export interface Ends {
  /** Names of namespaces. */
  readonly client: string
  readonly server: string
  readonly nodes: readonly string[]
  readonly address: string
}

/** CPU for a byte without policy over CPU for a byte with it: 1 is as fast. Runs alternate, the median of the ratios counts. */
export async function throughputRatio(ends: Ends): Promise<number> {
  const program = join(mkdtempSync(join(tmpdir(), 'bench-')), 'stream')
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'stream.c')])
  const ratios: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    // Who goes first alternates too.
    const order = i % 2 === 0 ? [true, false] : [false, true]
    const cpuMs = new Map<boolean, number>()
    for (const isOn of order) {
      enable(ends.nodes, isOn)
      cpuMs.set(isOn, await stream(program, ends))
    }
    ratios.push(cpuMs.get(false)! / cpuMs.get(true)!)
  }
  enable(ends.nodes, true)
  progress(`CPU a byte without policy and with it: ${ratios.map(ratio => ratio.toFixed(2)).join(' ')}`)
  return median(ratios)
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

async function stream(program: string, { client, server, address }: Ends): Promise<number> {
  const serving = spawn('ip', ['netns', 'exec', server, program, 'serve', String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise(resolve => serving.stdout.once('data', resolve))
  const rest = text(serving.stdout)
  const command = [client, program, 'send', address, String(PORT), String(MEGABYTES)]
  const sent = Number(execFileSync('ip', ['netns', 'exec', ...command], { encoding: 'utf8' }))
  return sent + Number(await rest)
}
