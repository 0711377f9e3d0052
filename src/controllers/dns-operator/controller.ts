import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { ClusterOperator } from '../../api/config/cluster-operator.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Service } from '../../api/core/service.ts'
import type { ApiObject } from '../../api/meta/meta.ts'
import { DNS } from '../../api/operator/dns.ts'
import type { Draft } from '../../client/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { corefileOf, DnsConfigError } from './corefile.ts'
import { clusterOperatorStatus, statusOf } from './status.ts'

export interface DnsOperatorOptions {
  readonly clusterIP: string
  readonly clusterDomain: string
  /** Where the servers listen in their pods. */
  readonly port: number
  /** Made when they are missing; all have the name of the DNS' operands. */
  readonly daemonSet: Draft<DaemonSet>
  readonly service: Draft<Service>
}

const DEFAULT = { name: 'default' }
const KEY = 'default'

/**
 * OKD's DNS operator: keeps the servers of dnses.operator.openshift.io/default as it says, writes their Corefile, and tells
 * how they are. A DNS of another name is nobody's.
 */
export function startDnsOperator(
  deps: ControllerDeps,
  options: DnsOperatorOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('dns-operator')
  const operand = { namespace: options.daemonSet.metadata.namespace!, name: options.daemonSet.metadata.name! }
  const all = informers.of(DNS)
  const configs = informers.of(ConfigMap, {
    namespace: operand.namespace,
    fieldSelector: `metadata.name=${operand.name}`,
  })
  const daemonSets = informers.of(DaemonSet)
  const services = informers.of(Service)
  const operators = informers.of(ClusterOperator)
  const isOperand = ({ metadata }: ApiObject): string[] =>
    metadata.namespace === operand.namespace && metadata.name === operand.name ? [KEY] : []

  /** What is wrong with the configuration; the Corefile before it stays in force then. */
  const writeCorefile = async (dns: DNS): Promise<string | undefined> => {
    let text: string
    try {
      text = corefileOf(dns, options)
    } catch (error) {
      if (!(error instanceof DnsConfigError)) throw error
      events.record(dns, 'Warning', 'InvalidConfiguration', messageOf(error))
      return error.message
    }
    const old = configs.get(operand)
    if (!old) {
      const labels = { 'dns.operator.openshift.io/owning-dns': dns.metadata.name }
      await client.create(ConfigMap, { metadata: { ...operand, labels }, data: { Corefile: text } })
    } else if (old.data?.Corefile !== text)
      await client.update(ConfigMap, { ...old, data: { ...old.data, Corefile: text } })
    return undefined
  }
  const placePods = async ({ spec: { nodePlacement } }: DNS): Promise<void> => {
    const old = daemonSets.get(operand)
    if (!old) return void (await client.create(DaemonSet, options.daemonSet))
    const first = options.daemonSet.spec.template.spec
    const pod = old.spec.template.spec!
    const nodeSelector = nodePlacement?.nodeSelector ?? first?.nodeSelector ?? {}
    const tolerations = nodePlacement?.tolerations ?? first?.tolerations ?? []
    if (sameValue([pod.nodeSelector ?? {}, pod.tolerations ?? []], [nodeSelector, tolerations])) return
    const spec = { ...pod, nodeSelector, tolerations }
    await client.update(DaemonSet, { ...old, spec: { ...old.spec, template: { ...old.spec.template, spec } } })
  }
  const tell = async (dns: DNS, problem: string | undefined): Promise<void> => {
    const nowMs = clock.now()
    const observed = { daemonSet: daemonSets.get(operand), service: services.get(operand), problem, nowMs }
    const status = statusOf(dns, observed, options.clusterIP, options.clusterDomain)
    if (!sameValue(status, dns.status)) await client.updateStatus(DNS, { ...dns, status })
    const operator =
      operators.get({ name: 'dns' }) ?? (await client.create(ClusterOperator, { metadata: { name: 'dns' }, spec: {} }))
    const said = clusterOperatorStatus(operator, status, nowMs)
    if (!sameValue(said, operator.status)) await client.updateStatus(ClusterOperator, { ...operator, status: said })
  }
  return startKeyed(
    deps,
    {
      name: 'dns-operator',
      triggers: [
        trigger(all, ({ metadata }) => (metadata.name === KEY ? [KEY] : [])),
        trigger(configs, isOperand),
        trigger(daemonSets, isOperand),
        trigger(services, isOperand),
        trigger(operators, ({ metadata }) => (metadata.name === 'dns' ? [KEY] : [])),
      ],
      async handle() {
        const dns = all.get(DEFAULT)
        // As on OKD there is always one, whoever deletes it.
        if (!dns) return void (await client.create(DNS, { metadata: DEFAULT, spec: {} }))
        if (dns.metadata.deletionTimestamp) return
        if (dns.spec.managementState === 'Unmanaged') return tell(dns, undefined)
        if (!services.get(operand)) await client.create(Service, options.service)
        await placePods(dns)
        await tell(dns, await writeCorefile(dns))
      },
    },
    signal,
  )
}
