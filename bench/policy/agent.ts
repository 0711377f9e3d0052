/** One node's policy loop, in a process of its own as in a cluster: <node's number> <port of the API> <its namespace>. */
import { createClient } from '../../src/client/client.ts'
import { createInformers } from '../../src/client/informers.ts'
import { createProgress } from '../../src/client/progress.ts'
import { systemClock } from '../../src/host/clock/real.ts'
import { kernelNetns } from '../../src/host/netns/real.ts'
import { kernelNft } from '../../src/host/nft/real.ts'
import { kernelSockets } from '../../src/host/socket/real.ts'
import { silent } from '../../src/lib/log.ts'
import { startPolicy } from '../../src/node/network/policy/role.ts'
import { OPTIONS } from '../../src/node/network/testing.ts'
import { httpTransport } from './http.ts'

const [node = '1', port = '0', namespace = 'node-1'] = process.argv.slice(2)
const netns = kernelNetns()
const { signal } = new AbortController()
const progress = createProgress()
/** What goes wrong is told: it is part of what a figure means. */
const told = (about: unknown, text?: string): void =>
  console.error(`  node ${node}: ${text ?? ''} ${JSON.stringify(about)}`)
const log = { ...silent, warn: told, error: told }
const deps = { client: createClient(httpTransport(Number(port))), clock: systemClock, log, progress }
const informers = createInformers(deps, signal)
const drivers = { nft: kernelNft(netns), sockets: kernelSockets(netns) }
const options = { ...OPTIONS, node: `node-${node}`, netns: netns.open(namespace), policesOwnNode: true }
const role = await startPolicy({ ...deps, ...drivers, informers }, options, signal)
const syncedMs = performance.now()
await role.ready
process.send?.({ loadS: (performance.now() - syncedMs) / 1000, cpuMs: process.cpuUsage().user / 1000 })
