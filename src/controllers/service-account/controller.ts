import { ConfigMap } from '../../api/core/config-map.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import type { ApiObject } from '../../api/meta/meta.ts'
import { isAlreadyExists, isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'

export interface NamespaceContentOptions {
  /** PEM of the authority that signs the API's certificate: ConfigMap kube-root-ca.crt. */
  readonly rootCa: string
  /** PEM of the authority of serving certificates: ConfigMap openshift-service-ca.crt; none where absent. */
  readonly serviceCa?: string
}

const ROOT_CA = 'kube-root-ca.crt'
/** Source: kube-controller-manager, which writes the same words. */
const ROOT_CA_NOTE = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}
const SERVICE_CA = 'openshift-service-ca.crt'

/** Keeps what every namespace must have: the ServiceAccount "default", and the authorities its pods should trust. */
export function startNamespaceContent(
  deps: ControllerDeps,
  options: NamespaceContentOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const named = (name: string) => ({ fieldSelector: `metadata.name=${name}` })
  const namespaces = informers.of(Namespace)
  const accounts = informers.of(ServiceAccount, named('default'))
  const bundles = [
    {
      name: ROOT_CA,
      annotations: ROOT_CA_NOTE,
      data: { 'ca.crt': options.rootCa },
      informer: informers.of(ConfigMap, named(ROOT_CA)),
    },
    ...(options.serviceCa === undefined
      ? []
      : [
          {
            name: SERVICE_CA,
            annotations: undefined,
            data: { 'service-ca.crt': options.serviceCa },
            informer: informers.of(ConfigMap, named(SERVICE_CA)),
          },
        ]),
  ]
  const namespaceOf = ({ metadata }: ApiObject): string[] => [metadata.namespace!]
  const ensureAccount = async (namespace: string): Promise<void> => {
    if (accounts.get({ namespace, name: 'default' })) return
    await client.create(ServiceAccount, { metadata: { namespace, name: 'default' } }).catch(ignoreThere)
  }
  const ensureBundle = async (
    namespace: string,
    { name, annotations, data, informer }: (typeof bundles)[number],
  ): Promise<void> => {
    const found = informer.get({ namespace, name })
    if (found && sameValue(found.data, data)) return
    if (found) await client.update(ConfigMap, { ...found, data })
    else {
      const metadata = { namespace, name, ...(annotations ? { annotations } : {}) }
      await client.create(ConfigMap, { metadata, data }).catch(ignoreThere)
    }
  }
  return startKeyed(
    deps,
    {
      name: 'namespace-content',
      triggers: [
        trigger(namespaces, ({ metadata }) => [metadata.name]),
        trigger(accounts, namespaceOf, () => false),
        ...bundles.map(({ informer }) => trigger(informer, namespaceOf)),
      ],
      async handle(name) {
        const namespace = namespaces.get({ name })
        if (!namespace || namespace.metadata.deletionTimestamp) return
        // The account last: with it pods may come, which mount the others.
        await Promise.all(bundles.map(bundle => ensureBundle(name, bundle))).finally(() => ensureAccount(name))
      },
    },
    signal,
  )
}

/** Another was faster, or the cache is; or the namespace goes. */
const ignoreThere = (error: unknown): void => {
  if (!isAlreadyExists(error) && !isNotFound(error)) throw error
}
