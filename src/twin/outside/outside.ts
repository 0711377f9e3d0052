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
import { loadBalancer } from './load-balancer.ts'
import { answerOutside, outsideNames } from './upstream-dns.ts'

export interface OutsideDeps {
  readonly sockets: SocketDriver
  readonly clock: Clock
  readonly log: Logger
}

const UDP_BYTES = 1232
const TCP_BYTES = 65_535

/**
 * Starts what is not part of the cluster: the host's front door, the load balancer, DNS, a server on the internet. `doors`: listening
 * sockets of the host. `nodes`: where a router may be. They end with the process.
 */
export async function startOutside(
  deps: OutsideDeps,
  plan: WorldPlan,
  world: World,
  doors: readonly number[],
  nodes: () => readonly Ip[],
): Promise<void> {
  const lb = world.netns('lb')
  for (const port of [80, 443])
    await deps.sockets.listen(loadBalancer(deps, lb, port, nodes, plan.config.profile === 'okd'), {
      netns: lb,
      port,
      address: plan.vip,
    })
  const names = outsideNames(plan)
  const dns = { netns: world.netns('dns'), port: 53 }
  await listenUdp(
    deps.sockets,
    dns,
    madeAnew(packet => answerOutside(names, packet, UDP_BYTES)),
  )
  await listenTcp(deps, dns, packet => answerOutside(names, packet, TCP_BYTES))
  await deps.sockets.listen(whoAmI(), { netns: world.netns('internet'), port: 80 })
  for (const fd of doors) await open(frontDoor(deps, world.netns('client'), plan.vip), fd)
}

function open(server: Server, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, resolve)
  })
}
