import { Namespace } from '../../api/core/namespace.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'

const DEFAULT = { namespace: 'openshift-ingress-operator', name: 'default' }
/** What nodes send themselves belongs to it. */
const HOSTS = 'openshift-host-network'
const LABELS = { 'network.openshift.io/policy-group': 'ingress', 'policy-group.network.openshift.io/ingress': '' }

/**
 * Labels of the namespace of what nodes send: it is in the policy group ingress while routers of the IngressController `default` are
 * on the host network, and their requests come from nodes. Source: cluster-network-operator, ingressconfig controller.
 */
export function startPolicyGroup(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers } = deps
  const routers = informers.of(IngressController)
  const namespaces = informers.of(Namespace)
  return startKeyed(
    deps,
    {
      name: 'policy-group',
      triggers: [
        trigger(routers, ({ metadata }) => (metadata.name === DEFAULT.name ? [HOSTS] : [])),
        trigger(namespaces, ({ metadata }) => (metadata.name === HOSTS ? [HOSTS] : [])),
      ],
      async handle() {
        const type = routers.get(DEFAULT)?.status?.endpointPublishingStrategy?.type
        const namespace = namespaces.get({ name: HOSTS })
        if (!type || !namespace) return
        const has = namespace.metadata.labels ?? {}
        const wanted = Object.entries(LABELS).map(
          ([label, value]) => [label, type === 'HostNetwork' ? value : null] as const,
        )
        const labels = Object.fromEntries(wanted.filter(([label, value]) => (has[label] ?? null) !== value))
        if (Object.keys(labels).length === 0) return
        const body = { metadata: { labels } }
        await client.patch(Namespace, { name: HOSTS }, { type: 'merge', body }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      },
    },
    signal,
  )
}
