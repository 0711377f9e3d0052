import type { Server } from 'node:net'
import { listenTcp } from '../../dns/listen/tcp.ts'
import { listenUdp, madeAnew } from '../../dns/listen/udp.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import type { WorldPlan } from '../plan.ts'
import type { World } from '../world/world.ts'
import { frontDoor } from './front-door.ts'
import { whoAmI } from './internet.ts'
import { type Balancers, startPair } from './pair.ts'
import type { SharingDeps } from './shared-addresses.ts'
import { answerOutside, outsideZone } from './upstream-dns.ts'

export interface OutsideDeps extends SharingDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
}

const UDP_BYTES = 1232
const TCP_BYTES = 65_535

/**
 * Starts what is not part of the cluster: the host's front door, the load balancers, DNS, a server on the internet. `doors`: listening
 * sockets of the host. `nodes`: where a router may be. They end with the process.
 */
export async function startOutside(
  deps: OutsideDeps,
  plan: WorldPlan,
  world: World,
  doors: readonly number[],
  nodes: () => readonly Ip[],
): Promise<Balancers> {
  const balancers = await startPair(deps, plan, world, nodes)
  const zone = outsideZone(plan)
  const dns = { netns: world.netns('dns'), port: 53 }
  await listenUdp(
    deps.sockets,
    dns,
    madeAnew(packet => answerOutside(zone, packet, UDP_BYTES)),
  )
  await listenTcp(deps, dns, packet => answerOutside(zone, packet, TCP_BYTES))
  await deps.sockets.listen(whoAmI(), { netns: world.netns('internet'), port: 80 })
  for (const fd of doors)
    await open(
      frontDoor(deps, world.netns('client'), host => doorFor(plan, host)),
      fd,
    )
  return balancers
}

/** By the domain of the name, in either form; the first door's for all other names. */
function doorFor({ doors, vip }: WorldPlan, host: string): Ip {
  const door = doors.find(({ domain, alias }) => host.endsWith(`.${domain}`) || host.endsWith(`.${alias}`))
  return door?.address ?? vip
}

function open(server: Server, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, resolve)
  })
}
