import { Deployment } from '../../api/apps/deployment.ts'
import { APIServer } from '../../api/config/api-server.ts'
import { ClusterOperator } from '../../api/config/cluster-operator.ts'
import { DNS } from '../../api/config/dns.ts'
import { Infrastructure } from '../../api/config/infrastructure.ts'
import { Ingress as IngressConfig } from '../../api/config/ingress.ts'
import { Service } from '../../api/core/service.ts'
import { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import type { ApiObject } from '../../api/meta/meta.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import type { Informer } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { clusterOperatorStatus } from './cluster-operator.ts'
import { decide } from './decide.ts'
import { recordName, recordOf } from './dns.ts'
import { missingOf } from './missing.ts'
import { routerName } from './objects.ts'
import { createOperandWriter } from './operands.ts'
import {
  domainOf,
  FINALIZER,
  type IngressOperatorOptions,
  OPERAND_NAMESPACE,
  OPERATOR_NAMESPACE,
  OWNER_LABEL,
} from './settings.ts'

export type { IngressOperatorOptions }

/** How often it is looked whether the routers of a deleted IngressController have ended. */
const REMOVAL_CHECK_MS = 1000
/** How often it is looked for what an IngressController names. */
const MISSING_CHECK_MS = 5000
const recordOwner = (name: string): string[] =>
  name.endsWith('-wildcard') ? [`${OPERATOR_NAMESPACE}/${name.slice(0, -'-wildcard'.length)}`] : []
const CLUSTER = { name: 'cluster' }
const DEFAULT = `${OPERATOR_NAMESPACE}/default`

/** OKD's ingress operator: keeps the routers of each IngressController as it says, and says how they are. */
export async function startIngressOperator(
  deps: ControllerDeps,
  options: IngressOperatorOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('ingress-operator')
  const operandWriter = createOperandWriter(client)
  const controllers = informers.of(IngressController)
  const configs = informers.of(IngressConfig)
  const infrastructures = informers.of(Infrastructure)
  const zones = informers.of(DNS)
  const apiServers = informers.of(APIServer)
  const records = informers.of(DNSRecord)
  const operators = informers.of(ClusterOperator)
  const deployments = informers.of(Deployment)
  const services = informers.of(Service)
  const every = (): string[] => controllers.list().map(keyOf)
  const owner = ({ metadata }: ApiObject): string[] => {
    const name = metadata.namespace === OPERAND_NAMESPACE ? metadata.labels?.[OWNER_LABEL] : undefined
    return name ? [`${OPERATOR_NAMESPACE}/${name}`] : []
  }

  const cluster = () => ({
    config: configs.get(CLUSTER),
    infrastructure: infrastructures.get(CLUSTER),
    dns: zones.get(CLUSTER),
    apiServer: apiServers.get(CLUSTER),
  })

  const handle = async (found: IngressController): Promise<number | undefined> => {
    const { finalizers = [], deletionTimestamp } = found.metadata
    if (deletionTimestamp) {
      const isDone = !finalizers.includes(FINALIZER) || (await operandWriter.remove(found))
      return isDone ? undefined : REMOVAL_CHECK_MS
    }
    const controller = finalizers.includes(FINALIZER)
      ? found
      : await client.update(IngressController, {
          ...found,
          metadata: { ...found.metadata, finalizers: [...finalizers, FINALIZER] },
        })
    const settings = { controller, options, ...cluster() }
    const [missing, version] = await Promise.all([missingOf(client, controller), options.haproxyVersion])
    const observe = () => ({
      deployment: deployments.get({ namespace: OPERAND_NAMESPACE, name: routerName(controller) }),
      publishing: services.get({ namespace: OPERAND_NAMESPACE, name: routerName(controller) }),
      record: records.get({ namespace: OPERATOR_NAMESPACE, name: recordName(controller) }),
      missing,
      haproxy: version?.split('.', 2).join('.'),
      nowMs: clock.now(),
    })
    const { operands } = decide(settings, controllers.list(), observe())
    if (operands) {
      const { certify } = options
      if (certify) await operandWriter.ensureCertificate(controller, () => certify(domainOf(settings)))
      await operandWriter.ensure(operands)
      await operandWriter.ensureRecord(controller, recordOf(settings, observe().publishing))
    }
    const { status, recheckMs, warnings } = decide(settings, controllers.list(), observe())
    if (!sameValue(status, controller.status)) await client.updateStatus(IngressController, { ...controller, status })
    for (const [reason, message] of warnings) events.record(controller, 'Warning', reason, message)
    return missing.length > 0 ? Math.min(recheckMs ?? MISSING_CHECK_MS, MISSING_CHECK_MS) : recheckMs
  }

  return startKeyed(
    deps,
    {
      name: 'ingress-operator',
      // What all of them are together is written by each.
      workers: 1,
      triggers: [
        trigger(controllers, one => [keyOf(one)]),
        ...[configs, infrastructures, zones, apiServers].map(source => trigger<ApiObject>(source as never, every)),
        trigger(records, ({ metadata }) => recordOwner(metadata.name)),
        trigger(operators, ({ metadata }) => (metadata.name === 'ingress' ? [DEFAULT] : [])),
        trigger(deployments, owner),
        trigger(services, owner),
      ],
      async handle(key, queue) {
        const found = controllers.get(splitKey(key))
        // As on OKD there is always a default one, whoever deletes it.
        if (!found && key === DEFAULT) await client.create(IngressController, { metadata: splitKey(key), spec: {} })
        const recheckMs = found && (await handle(found))
        await tellOfAll(deps, operators, controllers.list(), options)
        if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
      },
    },
    signal,
  )
}

/** ClusterOperator ingress. */
async function tellOfAll(
  { client, clock }: ControllerDeps,
  operators: Informer<ClusterOperator>,
  controllers: readonly IngressController[],
  options: IngressOperatorOptions,
): Promise<void> {
  const metadata = { name: 'ingress' }
  const operator = operators.get(metadata) ?? (await client.create(ClusterOperator, { metadata, spec: {} }))
  const status = clusterOperatorStatus(operator, controllers, options, clock.now())
  if (!sameValue(status, operator.status)) await client.updateStatus(ClusterOperator, { ...operator, status })
}
