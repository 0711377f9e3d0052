import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { Service } from '../../api/core/service.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { Route } from '../../api/route/route.ts'
import { type Client, type Draft, isAlreadyExists } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { CANARY_NAMESPACE, CHECK_MS, canaryObjects, canaryVerdict, FAILURES } from './decide.ts'

export interface IngressCanaryOptions {
  readonly image: string
  /** Asks as a client outside would, by HTTPS; what was wrong, or undefined. */
  probe(host: string): Promise<string | undefined>
}

const DEFAULT = { namespace: 'openshift-ingress-operator', name: 'default' }
const KEY = 'canary'
/** Nobody waits for it: a cluster that is starting has more urgent things to do. */
const LATER_MS = 20_000
const UNREADY_MS = 2000

/** OKD's canary: a Route to a server on each node, asked each minute through the front door; what comes of it is a condition of the default IngressController. */
export function startIngressCanary(
  deps: ControllerDeps,
  options: IngressCanaryOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const controllers = informers.of(IngressController)
  const daemonSets = informers.of(DaemonSet)
  let dueMs = clock.monotonic() + LATER_MS
  let failures: readonly string[] = []

  const isAvailable = ({ status }: IngressController): boolean =>
    status?.conditions?.some(one => one.type === 'Available' && one.status === 'True') ?? false
  const say = async (): Promise<void> => {
    const controller = controllers.get(DEFAULT)
    const verdict = canaryVerdict(failures)
    if (!controller || !verdict) return
    const { status } = controller
    const conditions = withCondition(status?.conditions, { ...verdict, lastTransitionTime: rfc3339(clock.now()) })
    if (conditions !== status?.conditions)
      await client.updateStatus(IngressController, { ...controller, status: { ...status, conditions } })
  }
  /** How long until the next check. */
  const check = async (domain: string): Promise<number> => {
    const objects = canaryObjects(domain, options.image)
    await ensure(client, DaemonSet, objects.daemonSet)
    await ensure(client, Service, objects.service)
    await ensure(client, Route, objects.route)
    const servers = daemonSets.get({ namespace: CANARY_NAMESPACE, name: objects.daemonSet.metadata.name! })
    if (failures.length === 0 && !servers?.status?.numberAvailable) return UNREADY_MS
    const problem = await options.probe(objects.route.spec.host!)
    failures = problem === undefined ? [] : [...failures, problem].slice(-FAILURES)
    await say()
    return CHECK_MS
  }
  return startKeyed(
    deps,
    {
      name: 'ingress-canary',
      workers: 1,
      triggers: [trigger(controllers, ({ metadata }) => (metadata.name === DEFAULT.name ? [KEY] : []))],
      async handle(_, queue) {
        const controller = controllers.get(DEFAULT)
        const domain = controller?.status?.domain
        if (!controller || !domain || (failures.length === 0 && !isAvailable(controller))) return
        const leftMs = dueMs - clock.monotonic()
        if (leftMs <= 0) dueMs = clock.monotonic() + (await check(domain))
        queue.addAfter(KEY, Math.max(1, dueMs - clock.monotonic()))
      },
    },
    signal,
  )
}

/** What users make of it stays, until they delete it. */
async function ensure<T extends ApiObject>(client: Client, kind: Kind<T>, wanted: Draft<T>): Promise<void> {
  const { name, namespace } = wanted.metadata as { readonly name: string; readonly namespace: string }
  if (await client.find(kind, { name, namespace })) return
  await client.create(kind, wanted).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}
