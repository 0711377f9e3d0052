import { macOf, type OutsideHost, type WorldPlan } from '../plan.ts'
import { UPLINK } from '../world/network.ts'
import type { World } from '../world/world.ts'
import { type BalancerDeps, type Forwarding, type LoadBalancer, loadBalancer } from './load-balancer.ts'
import { type Sharing, type SharingDeps, shareAddresses } from './shared-addresses.ts'

/** The hosts in front of the routers. */
export interface Balancers {
  /** By name: lb-1, lb-2. */
  has(name: string): boolean
  act(action: 'stop' | 'start' | 'cut', name: string): void
  /** In a few words, for people. */
  describe(name: string): string
}

const ROUTER = 51
/** Before an address is there, so that its sockets need not wait for it. */
const BIND_ANYWHERE = 'net/ipv4/ip_nonlocal_bind'

/**
 * A pair of hosts that share the addresses of all doors: each forwards ports 80 and 443 of a door to the ports of its routers, and
 * one of them holds the addresses.
 */
export async function startPair(
  deps: BalancerDeps & SharingDeps,
  plan: WorldPlan,
  world: World,
  nodes: Forwarding['nodes'],
): Promise<Balancers> {
  const hosts = new Map<string, BalancerHost>()
  const pair = plan.outside.filter(({ name }) => name.startsWith('lb-'))
  for (const [index, host] of pair.entries())
    hosts.set(host.name, await startBalancer(deps, { plan, world, nodes, host, priority: 150 - 50 * index }))
  return {
    has: name => hosts.has(name),
    act: (action, name) => hosts.get(name)?.[action](),
    describe: name => hosts.get(name)?.describe() ?? 'outside',
  }
}

interface BalancerHost {
  stop(): void
  start(): void
  cut(): void
  describe(): string
}

interface Place {
  readonly plan: WorldPlan
  readonly world: World
  readonly nodes: Forwarding['nodes']
  readonly host: OutsideHost
  readonly priority: number
}

async function startBalancer(deps: BalancerDeps & SharingDeps, place: Place): Promise<BalancerHost> {
  const { plan, world, host, priority } = place
  const netns = world.netns(host.name)
  deps.links.sysctl(netns, BIND_ANYWHERE, '1')
  const forwarders = await listenAtDoors(deps, place)
  const share = (): Sharing =>
    shareAddresses(deps, {
      netns,
      link: { name: UPLINK, mac: macOf(host.address) },
      router: ROUTER,
      priority,
      address: host.address,
      shared: plan.doors.map(({ address }) => address),
    })
  let sharing: Sharing | undefined = share()
  return {
    cut: () => world.setLink(host.name, false),
    stop: () => {
      world.setLink(host.name, false)
      sharing?.stop()
      sharing = undefined
      for (const forwarder of forwarders) forwarder.drop()
    },
    start: () => {
      world.setLink(host.name, true)
      sharing ??= share()
    },
    describe: () =>
      sharing === undefined
        ? 'off'
        : sharing.standing() === 'holder'
          ? `holds ${plan.doors.map(({ address }) => address).join(', ')}`
          : sharing.standing() === 'faulty'
            ? 'link cut'
            : 'stands by',
  }
}

async function listenAtDoors(
  deps: BalancerDeps,
  { plan, world, nodes, host }: Place,
): Promise<readonly LoadBalancer[]> {
  const netns = world.netns(host.name)
  const made: LoadBalancer[] = []
  for (const door of plan.doors)
    for (const [port, target] of [
      [80, door.httpPort],
      [443, door.httpsPort],
    ] as const) {
      const tellsClient = plan.config.profile === 'okd'
      const balancer = loadBalancer(deps, netns, { port: target, nodes, tellsClient })
      await deps.sockets.listen(balancer.server, { netns, port, address: door.address })
      made.push(balancer)
    }
  return made
}
