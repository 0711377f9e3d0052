import type { Service } from '../../../api/core/service.ts'
import type { Plugin } from '../mod.ts'

/** What a Service says in vain. Source: GetWarningsForService of k8s.io/kubernetes/pkg/api/service. */
export const serviceWarnings: Plugin = {
  name: 'ServiceWarnings',
  operations: ['CREATE', 'UPDATE'],
  validate({ resource, subresource, object, warn }) {
    if (resource.group !== '' || resource.plural !== 'services' || subresource !== '') return
    for (const text of warningsOf(object as unknown as Service)) warn?.(text)
  },
}

function warningsOf({ spec }: Service): readonly string[] {
  const isHeadless = spec.clusterIP === 'None' && spec.type !== 'ExternalName'
  const inVain = [
    ...(spec.loadBalancerIP ? ['loadBalancerIP'] : []),
    ...(spec.externalIPs?.length ? ['externalIPs'] : []),
    ...(spec.sessionAffinity === 'ClientIP' ? ['SessionAffinity'] : []),
  ]
  return [
    ...(isHeadless ? inVain.map(field => `spec.${field} is ignored for headless services`) : []),
    ...(spec.externalName && spec.type !== 'ExternalName'
      ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
      : []),
  ]
}
