/** Source: OKD's API for idled Services; `oc idle` writes these, and so can anybody. */
export const IDLED_AT = 'idling.alpha.openshift.io/idled-at'
export const UNIDLE_TARGETS = 'idling.alpha.openshift.io/unidle-targets'
export const PREVIOUS_SCALE = 'idling.alpha.openshift.io/previous-scale'
/** The reason of the event by which a data plane says that an idled Service is asked for. */
export const NEED_PODS = 'NeedPods'

type Annotated = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }

export const isIdled = ({ metadata }: Annotated): boolean => metadata.annotations?.[IDLED_AT] !== undefined
