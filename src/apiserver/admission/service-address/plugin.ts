import type { Store, StoreEvent } from '../../../store/mod.ts'
import type { Obj } from '../../object.ts'
import { keyOf, prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { allocate } from './allocate.ts'
import { carryAllocated } from './carry.ts'
import type { Ledger } from './ledger.ts'
import { claimOf, without } from './service.ts'

/**
 * ClusterIPs and node ports. The Services themselves are the record of what is taken: the ledger is filled from the store
 * when first needed, and follows it. Between admission and the write a claim is held for its owner alone.
 */
export function serviceAddresses(store: Store, makeLedger: () => Ledger): Plugin {
  const prefix = prefixOf('', 'services')
  let ready: Ledger | undefined
  const ledger = (): Ledger => {
    if (ready) return ready
    const made = makeLedger()
    for (const { key, value } of store.range(prefix).items) claim(made, parseBytes(value), key)
    store.watch(prefix, store.revision, events => follow(made, events))
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
        allocate(ledger(), resource, object!, ownerOf(attributes))
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

function claim(ledger: Ledger, service: Obj, owner: string): void {
  const { addresses, ports } = claimOf(service)
  for (const address of addresses) ledger.takeAddress(address, owner)
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
