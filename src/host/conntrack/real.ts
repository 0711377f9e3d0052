import { spawn } from 'node:child_process'
import { familyOf } from '../../lib/ip.ts'
import type { Netns, NetnsDriver } from '../netns/mod.ts'
import type { ConntrackDriver, FlowFilter } from './mod.ts'

/** Processes side by side: each takes about 2 ms. */
const PARALLEL = 4

/** By conntrack(8): one process a filter. */
export function kernelConntrack(namespaces: NetnsDriver): ConntrackDriver {
  return {
    open: netns => ({
      async forget(filters) {
        const waiting = [...filters]
        let forgotten = 0
        const work = async (): Promise<void> => {
          for (let filter = waiting.pop(); filter; filter = waiting.pop())
            forgotten += await forget(namespaces, netns, filter)
        }
        await Promise.all(Array.from({ length: Math.min(PARALLEL, filters.length) }, work))
        return forgotten
      },
    }),
  }
}

/** Rejects with ENOENT where the tool is missing. */
function forget(namespaces: NetnsDriver, netns: Netns, filter: FlowFilter): Promise<number> {
  const args = ['-D', '-f', familyOf(filter.destination) === 4 ? 'ipv4' : 'ipv6', '-p', filter.protocol]
  args.push('--orig-dst', filter.destination, '--orig-port-dst', String(filter.port))
  if (filter.answeredBy !== undefined) args.push('--reply-src', filter.answeredBy)
  return new Promise((resolve, reject) => {
    // Forking is synchronous: the child is in the namespace, and this process is back at once.
    const child = namespaces.within(netns, () => spawn('conntrack', args, { stdio: ['ignore', 'ignore', 'pipe'] }))
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject)
    child.on('close', () => {
      // It says "N flow entries have been deleted", and ends with 1 when N is 0.
      const deleted = /(\d+) flow entries have been deleted/.exec(said)
      if (deleted) resolve(Number(deleted[1]))
      else reject(new Error(`conntrack ${args.join(' ')}: ${said.trim()}`))
    })
  })
}
