import { Service } from '../../api/core/service.ts'
import { IPAddress } from '../../api/networking/ip-address.ts'
import { ServiceCIDR } from '../../api/networking/service-cidr.ts'
import { isAlreadyExists, isNotFound } from '../../client/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidrText } from '../../lib/cidr.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { type Controller, type ControllerDeps, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { addressesOf, DEFAULT, draftFor, isManaged, isOf, readiness } from './decide.ts'

/**
 * An IPAddress for each address that a Service has, and the ServiceCIDR `kubernetes` of the cluster's networks. The server's
 * admission gives the addresses; these objects tell of them.
 */
export async function startServiceCidr(
  deps: ControllerDeps,
  networks: readonly Cidr[],
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const services = informers.of(Service, { indexes: { clusterIP: addressesOf } })
  const addresses = informers.of(IPAddress)
  const cidrs = informers.of(ServiceCIDR)

  const keepAddress = async (address: string): Promise<void> => {
    const [service] = services.by('clusterIP', address)
    const old = addresses.get({ name: address })
    if (old && (!service || !isOf(old, service))) {
      if (!isManaged(old)) return
      await client.delete(IPAddress, { name: address }).catch(ignore(isNotFound))
    } else if (old || !service) return
    if (service) await client.create(IPAddress, draftFor(address, service)).catch(ignore(isAlreadyExists))
  }
  const keepNetworks = async (name: string): Promise<void> => {
    const found = cidrs.get({ name })
    if (!found) {
      if (name !== DEFAULT) return
      const draft = { metadata: { name }, spec: { cidrs: networks.map(cidrText) } }
      await client.create(ServiceCIDR, draft).catch(ignore(isAlreadyExists))
      return
    }
    const { isReady, message } = readiness(found.spec.cidrs ?? [], networks)
    const conditions = withCondition(found.status?.conditions, {
      type: 'Ready',
      status: isReady ? 'True' : 'False',
      reason: isReady ? 'NoIssuesFound' : 'NotSupported',
      message,
      lastTransitionTime: rfc3339(clock.now()),
    })
    if (!sameValue(conditions, found.status?.conditions))
      await client.updateStatus(ServiceCIDR, { ...found, status: { conditions } })
  }
  return startKeyed(
    deps,
    {
      name: 'service-cidr',
      triggers: [
        trigger(services, service => addressesOf(service).map(address => `address/${address}`)),
        trigger(addresses, ({ metadata }) => [`address/${metadata.name}`]),
        trigger(cidrs, ({ metadata }) => [`network/${metadata.name}`]),
        trigger(
          services,
          () => [`network/${DEFAULT}`],
          () => false,
        ),
      ],
      handle(key) {
        const { namespace: what, name } = splitKey(key)
        return what === 'address' ? keepAddress(name) : keepNetworks(name)
      },
    },
    signal,
  )
}

const ignore =
  (isFine: (error: unknown) => boolean) =>
  (error: unknown): undefined => {
    if (!isFine(error)) throw error
  }
