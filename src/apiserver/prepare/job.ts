import type { Obj } from '../object.ts'

const PREFIX = 'batch.kubernetes.io/'

interface JobSpecLike {
  readonly manualSelector?: boolean
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } }
}

/**
 * A Job selects its pods by its own UID, so that it never takes another's; with manualSelector the user takes care of that.
 * Source: generateSelector of k8s.io/kubernetes/pkg/registry/batch/job.
 */
export function prepareJob(job: Obj): void {
  const spec = (job.spec ?? {}) as JobSpecLike
  const { uid = '', name = '' } = job.metadata
  const template = spec.template ?? {}
  const own = {
    [`${PREFIX}controller-uid`]: uid,
    'controller-uid': uid,
    [`${PREFIX}job-name`]: name,
    'job-name': name,
  }
  const labels = spec.manualSelector ? (template.metadata?.labels ?? {}) : { ...template.metadata?.labels, ...own }
  const matchLabels = { ...spec.selector?.matchLabels, [`${PREFIX}controller-uid`]: uid }
  job.spec = {
    ...spec,
    ...(spec.manualSelector ? {} : { selector: { ...spec.selector, matchLabels } }),
    template: { ...template, metadata: { ...template.metadata, labels } },
  }
  if (Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = { ...labels }
}
