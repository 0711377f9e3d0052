import type { Obj } from '../object.ts'

const KUBERNETES = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

/** A namespace waits for its content when it is deleted, and can be selected by its name. */
export function prepareNamespace(namespace: Obj): void {
  const { metadata } = namespace
  const spec = (namespace.spec ?? {}) as { readonly finalizers?: readonly string[] }
  const finalizers = spec.finalizers ?? []
  namespace.spec = { ...spec, finalizers: finalizers.includes(KUBERNETES) ? finalizers : [...finalizers, KUBERNETES] }
  namespace.status = { phase: 'Active' }
  if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name }
}
