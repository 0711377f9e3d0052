import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { matchesLabels } from '../../api/meta/matches.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import { isPodReady } from './pods.ts'

/** Which pods stand behind which Services, without looking at all of either. */
export interface Selection {
  readonly services: Informer<Service>
  readonly pods: Informer<Pod>
  servicesOf(pod: Pod): readonly Service[]
  podsOf(service: Service): readonly Pod[]
}

const pairsOf = (
  namespace: string | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): readonly string[] => Object.entries(labels ?? {}).map(([name, value]) => `${namespace}/${name}=${value}`)

/** A Service is found by the first of its selector's labels, a pod by any of its own. */
const bySelector = ({ metadata, spec }: Service): readonly string[] =>
  isSelecting({ spec }) ? [pairsOf(metadata.namespace, spec.selector).toSorted()[0]!] : []
const byLabel = ({ metadata }: Pod): readonly string[] => pairsOf(metadata.namespace, metadata.labels)

/** An absent selector and an empty one both select nothing here: others write the endpoints. */
export const isSelecting = ({ spec }: Pick<Service, 'spec'>): boolean =>
  spec.type !== 'ExternalName' && spec.selector !== undefined && Object.keys(spec.selector).length > 0

export function selectionOf(informers: Informers): Selection {
  const services = informers.of(Service, { indexes: { selector: bySelector } })
  const pods = informers.of(Pod, { indexes: { label: byLabel } })
  return {
    services,
    pods,
    servicesOf: ({ metadata }) =>
      pairsOf(metadata.namespace, metadata.labels)
        .flatMap(pair => services.by('selector', pair))
        .filter(({ spec }) => matchesLabels(spec.selector, metadata.labels)),
    podsOf({ metadata, spec }) {
      const candidates = pairsOf(metadata.namespace, spec.selector).map(pair => pods.by('label', pair))
      const fewest = candidates.sort((a, b) => a.length - b.length)[0] ?? []
      return fewest.filter(pod => matchesLabels(spec.selector, pod.metadata.labels))
    },
  }
}

/** Whether a change of a pod can change any endpoint. */
export function changesEndpoint(pod: Pod, old: Pod): boolean {
  const facts = ({ metadata, spec, status }: Pod): string =>
    JSON.stringify([
      metadata.deletionTimestamp,
      metadata.labels,
      spec.nodeName,
      spec.hostname,
      spec.subdomain,
      status?.phase,
      status?.podIPs ?? status?.podIP,
    ])
  return isPodReady(pod) !== isPodReady(old) || facts(pod) !== facts(old)
}
