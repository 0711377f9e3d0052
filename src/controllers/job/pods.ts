import { Job } from '../../api/batch/job.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Draft } from '../../client/mod.ts'
import { controllerReference } from '../../client/owner.ts'
import { isPodTerminal, metadataFromTemplate } from '../shared/pods.ts'

/** Keeps an ended pod until the Job has counted it. */
export const TRACKING = 'batch.kubernetes.io/job-tracking'
export const INDEX = 'batch.kubernetes.io/job-completion-index'

export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(TRACKING) ?? false
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)

export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[INDEX] ?? metadata.labels?.[INDEX]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The pod of one completion; index is absent where completions have none. */
export function podDraft(job: Job, index: number | undefined): Draft<Pod> {
  const { template } = job.spec
  const base = metadataFromTemplate(template.metadata)
  const name = job.metadata.name
  const metadata = {
    ...base,
    namespace: job.metadata.namespace!,
    generateName: index === undefined ? `${name}-` : `${name}-${index}-`,
    finalizers: [...(base.finalizers ?? []), TRACKING],
    ownerReferences: [controllerReference(Job, job)],
  }
  if (index === undefined) return { metadata, spec: template.spec! }
  const own = { [INDEX]: String(index) }
  return {
    metadata: { ...metadata, labels: { ...base.labels, ...own }, annotations: { ...base.annotations, ...own } },
    spec: indexedSpec(template.spec!, `${name}-${index}`),
  }
}

const VARIABLE = 'JOB_COMPLETION_INDEX'

/** Containers learn their index from a variable, and the pod has a name that DNS can know. */
function indexedSpec(spec: Pod['spec'], hostname: string): Pod['spec'] {
  const value = { name: VARIABLE, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } } }
  const withIndex = <C extends Pod['spec']['containers'][number]>(container: C): C =>
    container.env?.some(one => one.name === VARIABLE)
      ? container
      : { ...container, env: [...(container.env ?? []), value] }
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(withIndex),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
  }
}
