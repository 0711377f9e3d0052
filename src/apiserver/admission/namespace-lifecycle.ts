import type { Store } from '../../store/mod.ts'
import { forbidden, notFound } from '../errors.ts'
import type { Registry } from '../resource/registry.ts'
import { keyOf } from '../resource/resource.ts'
import { parseBytes } from '../stored.ts'
import type { Attributes, Plugin } from './mod.ts'

/** Namespaces without which nothing works. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public'])

/** Nothing is created in a namespace that is missing or going; some namespaces cannot go. */
export function namespaceLifecycle(store: Store, registry: Registry): Plugin {
  return {
    name: 'NamespaceLifecycle',
    operations: ['CREATE', 'DELETE'],
    admit(attributes) {
      if (attributes.operation === 'CREATE' && attributes.resource.namespaced)
        checkNamespace(store, registry, attributes)
    },
    validate({ operation, resource, name }) {
      if (operation === 'DELETE' && resource.group === '' && resource.plural === 'namespaces' && IMMORTAL.has(name))
        throw forbidden(resource, name, 'this namespace may not be deleted')
    },
  }
}

/** By the stored bytes, which most requests find unchanged. */
const terminating = new WeakMap<Uint8Array, boolean>()

function isTerminating(value: Uint8Array): boolean {
  let known = terminating.get(value)
  if (known === undefined) {
    known = parseBytes(value).metadata.deletionTimestamp !== undefined
    terminating.set(value, known)
  }
  return known
}

function checkNamespace(store: Store, registry: Registry, { resource, namespace, name }: Attributes): void {
  const namespaces = registry.find('', 'v1', 'namespaces')
  if (!namespaces) return
  const stored = store.head(keyOf(namespaces, undefined, namespace!))
  if (!stored) throw notFound(namespaces, namespace!)
  if (!isTerminating(stored.value)) return
  const message = `namespace ${namespace} is being terminated`
  throw forbidden(
    resource,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
  )
}
