/** Source: OKD's API for idled Services; `oc idle` writes these, and so can anybody. */
export const IDLED_AT = 'idling.alpha.openshift.io/idled-at'
export const UNIDLE_TARGETS = 'idling.alpha.openshift.io/unidle-targets'
export const PREVIOUS_SCALE = 'idling.alpha.openshift.io/previous-scale'
/** When a Service was woken. Source: OVN-Kubernetes. */
export const UNIDLED_AT = 'k8s.ovn.org/unidled-at'
/** The reason of the event by which a data plane says that an idled Service is asked for. */
export const NEED_PODS = 'NeedPods'

type Annotated = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }

export const isIdled = ({ metadata }: Annotated): boolean => metadata.annotations?.[IDLED_AT] !== undefined

/** As long as OVN-Kubernetes gives pods to come before who asks for them is refused again. */
const GRACE_MS = 30_000

/** For how long it is still waited for the pods of a Service that was woken; 0 where it is not. */
export function graceMs({ metadata }: Annotated, nowMs: number): number {
  const wokenMs = Date.parse(metadata.annotations?.[UNIDLED_AT] ?? '')
  return Number.isNaN(wokenMs) ? 0 : Math.min(GRACE_MS, Math.max(0, wokenMs + GRACE_MS - nowMs))
}
