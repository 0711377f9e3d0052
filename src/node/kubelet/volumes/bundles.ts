import { ConfigMap } from '../../../api/core/config-map.ts'
import type { Informer, Informers } from '../../../client/mod.ts'

/** What pods of every namespace mount with their tokens. */
const BUNDLES: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt'])

/** The authorities of all namespaces, by their name: one watch for all of the node's pods. Others are watched one by one. */
export function bundlesOf(informers: Informers, name: string): Informer<ConfigMap> | undefined {
  return BUNDLES.has(name) ? informers.of(ConfigMap, { fieldSelector: `metadata.name=${name}`, trim }) : undefined
}

/** One function for all, so that the watch is shared. */
const trim = ({ metadata, ...bundle }: ConfigMap): ConfigMap => {
  const { managedFields: _, annotations: __, ...rest } = metadata
  return { ...bundle, metadata: rest }
}
