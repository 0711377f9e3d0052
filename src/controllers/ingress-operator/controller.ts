import { Deployment } from '../../api/apps/deployment.ts'
import { Infrastructure } from '../../api/config/infrastructure.ts'
import { Ingress as IngressConfig } from '../../api/config/ingress.ts'
import { Service } from '../../api/core/service.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { type Draft, isAlreadyExists, isNotFound, type ObjectKey } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { covers, decide } from './decide.ts'
import { type Operands, routerName } from './objects.ts'
import {
  FINALIZER,
  type IngressOperatorOptions,
  OPERAND_NAMESPACE,
  OPERATOR_NAMESPACE,
  OWNER_LABEL,
} from './settings.ts'

export type { IngressOperatorOptions }

const DEFAULT = `${OPERATOR_NAMESPACE}/default`

/** OKD's ingress operator: keeps the routers of each IngressController as it says, and says how they are. */
export async function startIngressOperator(
  deps: ControllerDeps,
  options: IngressOperatorOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('ingress-operator')
  const controllers = informers.of(IngressController)
  const configs = informers.of(IngressConfig)
  const infrastructures = informers.of(Infrastructure)
  const deployments = informers.of(Deployment)
  const services = informers.of(Service)
  const every = (): string[] => controllers.list().map(keyOf)
  const owner = ({ metadata }: ApiObject): string[] => {
    const name = metadata.namespace === OPERAND_NAMESPACE ? metadata.labels?.[OWNER_LABEL] : undefined
    return name ? [`${OPERATOR_NAMESPACE}/${name}`] : []
  }

  const ensure = async <T extends ApiObject & { readonly spec?: unknown }>(
    kind: Kind<T>,
    wanted: Draft<T>,
  ): Promise<void> => {
    const { name, namespace } = wanted.metadata as Partial<ObjectKey>
    const key = { name: name!, ...(namespace === undefined ? {} : { namespace }) }
    const actual = await client.find(kind, key)
    if (!actual) await client.create(kind, wanted)
    else if (!covers(actual, wanted)) await client.update(kind, adjusted(actual, wanted))
  }
  const ensureAll = async ({ deployment, services: wanted, ingressClass }: Operands): Promise<void> => {
    await ensureAccount(deps)
    await ensure(Deployment, deployment)
    for (const service of wanted) await ensure(Service, service)
    await ensure(IngressClass, ingressClass)
  }
  const remove = async (controller: IngressController): Promise<void> => {
    const { name } = controller.metadata
    const operand = (objectName: string): ObjectKey => ({ namespace: OPERAND_NAMESPACE, name: objectName })
    const gone = (error: unknown): void => {
      if (!isNotFound(error)) throw error
    }
    await client.delete(Deployment, operand(routerName(controller))).catch(gone)
    for (const service of [`router-internal-${name}`, `router-nodeport-${name}`, routerName(controller)])
      await client.delete(Service, operand(service)).catch(gone)
    await client.delete(IngressClass, { name: `openshift-${name}` }).catch(gone)
    const finalizers = controller.metadata.finalizers?.filter(finalizer => finalizer !== FINALIZER) ?? []
    await client.update(IngressController, { ...controller, metadata: { ...controller.metadata, finalizers } })
  }
  const handle = async (found: IngressController): Promise<number | undefined> => {
    const { finalizers = [], deletionTimestamp } = found.metadata
    if (deletionTimestamp) {
      if (finalizers.includes(FINALIZER)) await remove(found)
      return undefined
    }
    const controller = finalizers.includes(FINALIZER)
      ? found
      : await client.update(IngressController, {
          ...found,
          metadata: { ...found.metadata, finalizers: [...finalizers, FINALIZER] },
        })
    const settings = {
      controller,
      options,
      config: configs.get({ name: 'cluster' }),
      infrastructure: infrastructures.get({ name: 'cluster' }),
    }
    const observe = () => ({
      deployment: deployments.get({ namespace: OPERAND_NAMESPACE, name: routerName(controller) }),
      publishing: services.get({ namespace: OPERAND_NAMESPACE, name: routerName(controller) }),
      nowMs: clock.now(),
    })
    const { operands } = decide(settings, controllers.list(), observe())
    if (operands) await ensureAll(operands)
    const { status, recheckMs, warnings } = decide(settings, controllers.list(), observe())
    if (!sameValue(status, controller.status)) await client.updateStatus(IngressController, { ...controller, status })
    for (const [reason, message] of warnings) events.record(controller, 'Warning', reason, message)
    return recheckMs
  }

  return startKeyed(
    deps,
    {
      name: 'ingress-operator',
      triggers: [
        trigger(controllers, one => [keyOf(one)]),
        trigger(configs, every),
        trigger(infrastructures, every),
        trigger(deployments, owner),
        trigger(services, owner),
      ],
      async handle(key, queue) {
        const found = controllers.get(splitKey(key))
        // As on OKD there is always a default one, whoever deletes it.
        if (!found && key === DEFAULT) await client.create(IngressController, { metadata: splitKey(key), spec: {} })
        const recheckMs = found && (await handle(found))
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
      },
    },
    signal,
  )
}

/** Metadata that others added stays; of the spec, what is wanted takes the place of what is there. */
const adjusted = <T extends ApiObject & { readonly spec?: unknown }>(actual: T, wanted: Draft<T>): T => ({
  ...actual,
  metadata: {
    ...actual.metadata,
    labels: { ...actual.metadata.labels, ...(wanted.metadata as { labels?: Record<string, string> }).labels },
  },
  spec: { ...(actual.spec as object), ...((wanted as { readonly spec?: object }).spec ?? {}) },
})

async function ensureAccount({ client }: ControllerDeps): Promise<void> {
  const key = { namespace: OPERAND_NAMESPACE, name: 'router' }
  if (await client.find(ServiceAccount, key)) return
  await client.create(ServiceAccount, { metadata: key }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}
