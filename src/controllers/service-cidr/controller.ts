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
import { addressesOf, canGo, DEFAULT, draftFor, FINALIZER, isManaged, isOf, readiness } from './decide.ts'

export interface ServiceCidrOptions {
  /** The networks that the cluster began with. */
  readonly networks: readonly Cidr[]
  /** Networks of pods and nodes: no address of a Service may come from them. */
  readonly taken?: readonly Cidr[]
}

/**
 * An IPAddress for each address that a Service has, and the ServiceCIDR `kubernetes` of the cluster's networks. The server's
 * admission gives the addresses, from every ServiceCIDR that is Ready; these objects tell of them. A ServiceCIDR stays until
 * nobody has an address of it any more.
 */
export async function startServiceCidr(
  deps: ControllerDeps,
  { networks, taken = [] }: ServiceCidrOptions,
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
    const finalizers = found.metadata.finalizers ?? []
    if (found.metadata.deletionTimestamp) {
      const others = cidrs.list().filter(other => other.metadata.name !== name)
      if (canGo(found, others, addresses.list())) return setFinalizers(found, without(finalizers))
    } else if (!finalizers.includes(FINALIZER)) await setFinalizers(found, [...finalizers, FINALIZER])
    await tell(cidrs.get({ name }) ?? found)
  }
  const setFinalizers = async (found: ServiceCIDR, finalizers: readonly string[]): Promise<void> => {
    if (finalizers.length === (found.metadata.finalizers ?? []).length) return
    await client.update(ServiceCIDR, { ...found, metadata: { ...found.metadata, finalizers } })
  }
  const tell = async (found: ServiceCIDR): Promise<void> => {
    const { isReady, reason, message } = readiness(found, taken)
    const conditions = withCondition(found.status?.conditions, {
      type: 'Ready',
      status: isReady ? 'True' : 'False',
      reason,
      message,
      lastTransitionTime: rfc3339(clock.now()),
    })
    if (!sameValue(conditions, found.status?.conditions))
      await client.updateStatus(ServiceCIDR, { ...found, status: { conditions } })
  }
  /** Those that wait for their addresses, or for another that holds them. */
  const leaving = (): readonly string[] =>
    cidrs.list().flatMap(({ metadata }) => (metadata.deletionTimestamp ? [`network/${metadata.name}`] : []))
  return startKeyed(
    deps,
    {
      name: 'service-cidr',
      triggers: [
        trigger(services, service => addressesOf(service).map(address => `address/${address}`)),
        trigger(addresses, ({ metadata }) => [`address/${metadata.name}`]),
        trigger(cidrs, ({ metadata }) => [`network/${metadata.name}`, ...leaving()]),
        trigger(addresses, leaving),
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

const without = (finalizers: readonly string[]): readonly string[] => finalizers.filter(one => one !== FINALIZER)

const ignore =
  (isFine: (error: unknown) => boolean) =>
  (error: unknown): undefined => {
    if (!isFine(error)) throw error
  }
