import { Service } from '../../api/core/service.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf } from '../../lib/ip.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { type AddressPool, addressesOf, decide, isOurs } from './decide.ts'

export type { AddressPool }

/**
 * Gives Services of type LoadBalancer an address of each pool whose family they have. Their statuses are the record of what is taken; node agents
 * announce the addresses.
 */
export async function startLoadBalancer(
  deps: ControllerDeps,
  pools: readonly AddressPool[],
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const events = deps.events('load-balancer-controller')
  const services = informers.of(Service)
  let last: readonly Ip[] = []
  const takenBut = (key: string): ReadonlySet<Ip> =>
    new Set(services.list().flatMap(one => (isOurs(one) && keyOf(one) !== key ? addressesOf(one) : [])))
  const controller = await startKeyed(
    deps,
    {
      name: 'load-balancer',
      // One at a time: what one is given must stand before the next looks for its own.
      workers: 1,
      triggers: [
        trigger(services, one => (concerns(one) ? [keyOf(one)] : [])),
        // An address that becomes free is for those that wait.
        trigger(
          services,
          one => (addressesOf(one).length > 0 ? waiting() : []),
          (one, old) => addressesOf(one).join() !== addressesOf(old).join(),
        ),
      ],
      async handle(key) {
        const service = services.get(splitKey(key))
        if (!service) return
        const wish = decide(service, pools, takenBut(key), last)
        if (wish.is === 'nothing') return
        if (wish.is === 'refused') return events.record(service, 'Warning', 'AllocationFailed', wish.why)
        const { given = [] } = wish
        last = [...given, ...last.filter(old => !given.some(one => familyOf(one) === familyOf(old)))]
        await client.updateStatus(Service, {
          ...service,
          status: { ...service.status, loadBalancer: wish.loadBalancer },
        })
        if (given.length > 0) events.record(service, 'Normal', 'IPAllocated', `Assigned IP ${JSON.stringify(given)}`)
      },
    },
    signal,
  )
  return controller

  function waiting(): readonly string[] {
    return services
      .list()
      .filter(one => isOurs(one) && addressesOf(one).length === 0)
      .map(keyOf)
  }
}

const concerns = (service: Service): boolean => service.spec.type === 'LoadBalancer' || addressesOf(service).length > 0
