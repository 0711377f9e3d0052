import type { JsonObject } from '../object.ts'
import type { Plugin } from './mod.ts'

const GENERATED = 'openshift.io/host.generated'

/** A Route that names no host gets `<name>-<namespace>.<domain>`, and says so in an annotation. */
export const routeHost = (domain: string): Plugin => ({
  name: 'RouteHost',
  operations: ['CREATE'],
  admit({ resource, subresource, object }) {
    if (resource.group !== 'route.openshift.io' || resource.plural !== 'routes' || subresource !== '') return
    const spec = object!.spec as JsonObject | undefined
    if (!spec || spec.host || spec.subdomain) return
    const { metadata } = object!
    spec.host = `${metadata.name}-${metadata.namespace}.${domain}`
    metadata.annotations = { ...metadata.annotations, [GENERATED]: 'true' }
  },
})
