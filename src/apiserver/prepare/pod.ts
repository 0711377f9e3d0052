import { POD_MAY_CHANGE } from '../../api/core/pod/rules/update.ts'
import { forbidden } from '../../schema/field-error.ts'
import { parseQuantity } from '../../schema/quantity.ts'
import { invalid } from '../errors.ts'
import type { Obj } from '../object.ts'

/** A new pod is pending, of a class that its requests and limits give it. */
export function preparePod(pod: Obj): void {
  pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
}

/** Where a pod runs is said by its binding alone. Throws StatusError 422. */
export function keepPlace(pod: Obj, old: Obj): void {
  const place = ({ spec }: Obj): unknown => (spec as { readonly nodeName?: string } | undefined)?.nodeName || undefined
  if (place(pod) !== place(old))
    throw invalid({ group: '', kind: 'Pod' }, old.metadata.name!, [forbidden('spec', POD_MAY_CHANGE)])
}

type Amounts = Readonly<Record<string, string>>
interface ContainerLike {
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts }
}

const COUNTED = ['cpu', 'memory']

/** k8s.io/kubernetes/pkg/apis/core/helper/qos. */
export function qosClass(pod: Obj): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as Record<
    string,
    readonly ContainerLike[] | undefined
  >
  const all = [...containers, ...initContainers]
  const positive = (amounts: Amounts | undefined): readonly string[] =>
    COUNTED.filter(name => (parseQuantity(String(amounts?.[name] ?? '0'))?.nano ?? 0n) > 0n)
  if (all.every(({ resources }) => positive(resources?.requests).length + positive(resources?.limits).length === 0))
    return 'BestEffort'
  const guaranteed = all.every(({ resources }) => {
    if (positive(resources?.limits).length < COUNTED.length) return false
    return positive(resources?.requests).every(name =>
      sameAmount(resources!.requests![name]!, resources!.limits![name]!),
    )
  })
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

const sameAmount = (a: string, b: string): boolean => parseQuantity(String(a))?.nano === parseQuantity(String(b))?.nano
