import type { JsonObject } from '../../object.ts'
import type { Plugin } from '../mod.ts'
import { type IngressConfig, isRoute } from './config.ts'

const GENERATED = 'openshift.io/host.generated'

/**
 * A Route that names no host gets `<name>-<namespace>.<domain>`, and says so in an annotation. The domain is the applications' own
 * where the cluster's Ingress configuration has one.
 */
export const routeHost = (config: IngressConfig, domain: string): Plugin => ({
  name: 'RouteHost',
  operations: ['CREATE'],
  admit(attributes) {
    if (!isRoute(attributes)) return
    const { object } = attributes
    const spec = object!.spec as JsonObject | undefined
    if (!spec || spec.host || spec.subdomain) return
    const { metadata } = object!
    const wanted = config.ingress()?.spec
    spec.host = `${metadata.name}-${metadata.namespace}.${wanted?.appsDomain || wanted?.domain || domain}`
    metadata.annotations = { ...metadata.annotations, [GENERATED]: 'true' }
  },
})
