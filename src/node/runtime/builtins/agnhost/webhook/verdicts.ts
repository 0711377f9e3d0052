/** What the image's admission webhook thinks of requests, by path. */
export interface Review {
  readonly apiVersion: string
  readonly kind: string
  readonly request: Request
}

interface Request {
  readonly uid: string
  readonly operation: string
  readonly name?: string
  readonly subResource?: string
  readonly object?: Obj | null
  readonly oldObject?: Obj | null
}

interface Obj {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly containers?: readonly { readonly name: string }[]
    readonly initContainers?: readonly { readonly name: string }[]
  }
  readonly stdin?: boolean
  readonly container?: string
}

export interface Verdict {
  readonly allowed: boolean
  readonly status?: {
    readonly message?: string
    readonly reason?: string
    readonly status?: string
    readonly code?: number
  }
  readonly patch?: readonly object[]
}

interface Options {
  readonly sidecarImage: string
  readonly signal: AbortSignal
}

const ALLOWED: Verdict = { allowed: true }
const denied = (status: NonNullable<Verdict['status']>): Verdict => ({ allowed: false, status })
const add = (path: string, value: unknown) => ({ op: 'add', path, value })

/** Refuses values that tests call unwanted, and the deletion of those that tests call lasting. */
const guard =
  (what: string) =>
  ({ operation, object, oldObject }: Request): Verdict => {
    const value = (operation === 'DELETE' ? oldObject : object)?.data?.['webhook-e2e-test']
    if (value === 'webhook-disallow' && operation !== 'DELETE')
      return denied({ reason: `the ${what} contains unwanted ${what === 'configmap' ? 'key and value' : 'data'}` })
    if (value === 'webhook-nondeletable' && operation === 'DELETE')
      return denied({ reason: `the ${what} cannot be deleted because it contains unwanted key and value` })
    return ALLOWED
  }

/** Two stages, the second of which needs the first. */
function stages({ object }: Request): Verdict {
  const data = object?.data ?? {}
  if (data['mutation-stage-1'] === 'yes') return { allowed: true, patch: [add('/data/mutation-stage-2', 'yes')] }
  if (data['mutation-start'] === 'yes') return { allowed: true, patch: [add('/data/mutation-stage-1', 'yes')] }
  return ALLOWED
}

function addLabel({ object }: Request): Verdict {
  const labels = object?.metadata?.labels ?? {}
  if (Object.keys(labels).length === 0)
    return { allowed: true, patch: [add('/metadata/labels', { 'added-label': 'yes' })] }
  const patch = (op: string) => ({ allowed: true, patch: [{ op, path: '/metadata/labels/added-label', value: 'yes' }] })
  if (!Object.hasOwn(labels, 'added-label')) return patch('add')
  return labels['added-label'] === 'yes' ? ALLOWED : patch('replace')
}

async function pods({ object }: Request, { signal }: Options): Promise<Verdict> {
  const label = object?.metadata?.labels?.['webhook-e2e-test']
  if (label === 'wait-forever') await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  const reasons = [
    ...(label === 'webhook-disallow' ? ['the pod contains unwanted label;'] : []),
    ...(object?.spec?.containers ?? [])
      .filter(({ name }) => name.includes('webhook-disallow'))
      .map(() => 'the pod contains unwanted container name;'),
  ]
  return reasons.length > 0 ? denied({ message: reasons.join(' ') }) : ALLOWED
}

function initContainer({ object }: Request): Verdict {
  const isThere = object?.spec?.initContainers?.some(({ name }) => name === 'webhook-added-init-container')
  if (object?.metadata?.name !== 'webhook-to-be-mutated' || isThere) return ALLOWED
  const container = { image: 'webhook-added-image', name: 'webhook-added-init-container', resources: {} }
  return { allowed: true, patch: [add('/spec/initContainers', [container])] }
}

function sidecar({ object }: Request, { sidecarImage: image }: Options): Verdict {
  if (image === '')
    return denied({ status: 'Failure', message: 'No image specified by the sidecar-image parameter', code: 500 })
  if (object?.spec?.containers?.some(({ name }) => name === 'webhook-added-sidecar')) return ALLOWED
  return { allowed: true, patch: [add('/spec/containers/-', { image, name: 'webhook-added-sidecar', resources: {} })] }
}

const attach = ({ name, object }: Request): Verdict =>
  name === 'to-be-attached-pod' && object?.stdin && object.container === 'container1'
    ? denied({ message: "attaching to pod 'to-be-attached-pod' is not allowed" })
    : ALLOWED

const definition = ({ object }: Request): Verdict =>
  object?.metadata?.labels?.['webhook-e2e-test'] === 'webhook-disallow'
    ? denied({ message: 'the crd contains unwanted label' })
    : ALLOWED

export const VERDICTS: Readonly<Record<string, (request: Request, options: Options) => Verdict | Promise<Verdict>>> = {
  '/always-allow-delay-5s': () => ALLOWED,
  '/always-deny': () => denied({ message: 'this webhook denies all requests' }),
  '/add-label': addLabel,
  '/pods': pods,
  '/pods/attach': attach,
  '/mutating-pods': initContainer,
  '/mutating-pods-sidecar': sidecar,
  '/configmaps': guard('configmap'),
  '/mutating-configmaps': stages,
  '/custom-resource': guard('custom resource'),
  '/mutating-custom-resource': stages,
  '/crd': definition,
}
