import type { IPAddress } from '../../../api/networking/ip-address.ts'
import type { ServiceCIDR } from '../../../api/networking/service-cidr.ts'
import { isReady, networksOf } from '../../../api/networking/service-networks.ts'
import type { Cidr } from '../../../lib/cidr.ts'
import { parseIp } from '../../../lib/ip.ts'
import type { Store, StoreEvent } from '../../../store/mod.ts'
import type { Obj } from '../../object.ts'
import { keyOf, prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { allocate } from './allocate.ts'
import { carryAllocated } from './carry.ts'
import type { Ledger } from './ledger.ts'
import { claimOf, NONE, needsAddress, specOf, without } from './service.ts'

const SERVICE_CIDRS = prefixOf('networking.k8s.io', 'servicecidrs')
const IP_ADDRESSES = prefixOf('networking.k8s.io', 'ipaddresses')

/**
 * ClusterIPs and node ports. The Services themselves are the record of what is taken: the ledger is filled from the store
 * when first needed, and follows it; ServiceCIDRs that are ready
 * add networks, and an IPAddress of somebody else's takes its address. Between admission and the write a claim is held for its owner alone.
 */
export function serviceAddresses(store: Store, makeLedger: (seed: number) => Ledger): Plugin {
  const prefix = prefixOf('', 'services')
  let ready: Ledger | undefined
  const ledger = (): Ledger => {
    if (ready) return ready
    const { items } = store.range(prefix)
    const made = makeLedger(items.length === 0 ? 0 : store.revision)
    for (const { key, value } of items) claim(made, parseBytes(value), key)
    store.watch(prefix, store.revision, events => follow(made, events))
    const useNetworks = (): void =>
      made.setNetworks(store.range(SERVICE_CIDRS).items.flatMap(({ value }) => readyNetworks(parseBytes(value))))
    useNetworks()
    store.watch(SERVICE_CIDRS, store.revision, useNetworks)
    for (const { key, value } of store.range(IP_ADDRESSES).items) holdForeign(made, parseBytes(value), key)
    store.watch(IP_ADDRESSES, store.revision, events => {
      for (const { key, type, value } of events)
        if (type === 'put') holdForeign(made, parseBytes(value), key)
        else made.release({ addresses: [parseBytes(value).metadata.name ?? ''], ports: [] }, key)
    })
    ready = made
    return made
  }
  const ownerOf = ({ resource, namespace, object }: Attributes): string =>
    keyOf(resource, namespace, object!.metadata.name!)
  const handles = ({ resource, subresource }: Attributes): boolean =>
    resource.group === '' && resource.plural === 'services' && subresource === ''
  return {
    name: 'ServiceAddresses',
    operations: ['CREATE', 'UPDATE'],
    admit(attributes) {
      if (!handles(attributes)) return
      const { object, old, resource } = attributes
      if (old) carryAllocated(object!, old)
      try {
        if (!isRefusedLater(object!, old)) allocate(ledger(), resource, object!, ownerOf(attributes), old)
      } catch (error) {
        giveBack(attributes)
        throw error
      }
    },
    settled(attributes, stored) {
      if (!stored && handles(attributes)) giveBack(attributes)
    },
  }

  /** All but what the Service has in the store, be it as it was or as another write made it meanwhile. */
  function giveBack(attributes: Attributes): void {
    const owner = ownerOf(attributes)
    const kept = store.head(owner)
    const claimed = claimOf(attributes.object!)
    ledger().release(kept ? without(claimed, claimOf(parseBytes(kept.value))) : claimed, owner)
  }
}

/** No addresses for what validation refuses: an address that is none, or that takes the place of another. */
function isRefusedLater(service: Obj, old: Obj | undefined): boolean {
  const spec = specOf(service)
  const asked = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : []
  const before = old && needsAddress(specOf(old)) ? specOf(old).clusterIPs?.[0] : undefined
  const isWrong =
    asked.some(text => text !== NONE && !parseIp(text)) ||
    (before !== undefined && asked[0] !== undefined && asked[0] !== before)
  if (isWrong) spec.clusterIPs = asked
  return needsAddress(spec) && isWrong
}

const readyNetworks = (object: Obj): readonly Cidr[] =>
  isReady(object as unknown as ServiceCIDR) ? networksOf([object as unknown as ServiceCIDR]) : []

/** The addresses of Services have objects too: those follow the Services. */
function holdForeign(ledger: Ledger, object: Obj, key: string): void {
  const parent = (object as unknown as IPAddress).spec?.parentRef
  const address = parseIp(object.metadata.name ?? '')
  if (address !== undefined && parent?.resource !== 'services') ledger.holdAddress(address, key)
}

function claim(ledger: Ledger, service: Obj, owner: string): void {
  const { addresses, ports } = claimOf(service)
  for (const text of addresses) {
    const address = parseIp(text)
    if (address !== undefined) ledger.holdAddress(address, owner)
  }
  for (const port of ports) ledger.takePort(port, owner)
}

/** What a Service held and holds no more is free again. */
function follow(ledger: Ledger, events: readonly StoreEvent[]): void {
  for (const { key, type, value, previous } of events) {
    const before = previous && claimOf(parseBytes(previous.value))
    if (type === 'delete') {
      if (before) ledger.release(before, key)
      continue
    }
    const service = parseBytes(value)
    claim(ledger, service, key)
    if (before) ledger.release(without(before, claimOf(service)), key)
  }
}
