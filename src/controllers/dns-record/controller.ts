import { DNS } from '../../api/config/dns.ts'
import { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { isManaged, statusOf, zoneName, zonesOf } from './decide.ts'
import type { WantedRecord } from './update.ts'

export interface DnsRecordOptions {
  /** Puts a record into its zone, or takes it away. Rejects with the reason. */
  publish(record: WantedRecord): Promise<void>
}

const FINALIZER = 'operator.openshift.io/ingress-dns'
const RETRY_MS = 10_000

/** Publishes DNSRecords in the zones of dnses.config.openshift.io/cluster, anew at each start, and tells how that went. */
export function startDnsRecord(
  deps: ControllerDeps,
  options: DnsRecordOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('ingress-operator')
  const records = informers.of(DNSRecord)
  const configs = informers.of(DNS)

  const publishIn = (record: DNSRecord, targets: readonly string[]): Promise<(string | undefined)[]> => {
    const { dnsName: name, recordType, recordTTL } = record.spec
    const type = recordType === 'CNAME' ? 'CNAME' : 'A'
    return Promise.all(
      zonesOf(configs.get({ name: 'cluster' })).map(zone =>
        options
          .publish({ zone: zoneName(zone), name, type, ttl: Number(recordTTL), targets })
          .then(() => undefined, messageOf),
      ),
    )
  }
  const release = async (record: DNSRecord): Promise<void> => {
    const { finalizers = [] } = record.metadata
    if (!finalizers.includes(FINALIZER)) return
    if (isManaged(record)) await publishIn(record, [])
    const left = finalizers.filter(each => each !== FINALIZER)
    await client.update(DNSRecord, { ...record, metadata: { ...record.metadata, finalizers: left } })
  }
  const ensure = async (found: DNSRecord): Promise<boolean> => {
    const { finalizers = [] } = found.metadata
    const metadata = { ...found.metadata, finalizers: [...finalizers, FINALIZER] }
    const record = finalizers.includes(FINALIZER) ? found : await client.update(DNSRecord, { ...found, metadata })
    const problems = isManaged(record) ? await publishIn(record, record.spec.targets ?? []) : []
    const status = statusOf(record, zonesOf(configs.get({ name: 'cluster' })), problems, clock.now())
    if (!sameValue(status, record.status)) await client.updateStatus(DNSRecord, { ...record, status })
    const problem = problems.find(each => each !== undefined)
    if (problem !== undefined) events.record(record, 'Warning', 'ProviderError', problem)
    return problem === undefined
  }
  return startKeyed(
    deps,
    {
      name: 'dns-record',
      triggers: [
        trigger(
          records,
          one => [keyOf(one)],
          (one, old) =>
            one.metadata.deletionTimestamp !== old.metadata.deletionTimestamp || !sameValue(one.spec, old.spec),
        ),
        trigger(configs, () => records.list().map(keyOf)),
      ],
      async handle(key, queue) {
        const record = records.get(splitKey(key))
        if (!record) return
        if (record.metadata.deletionTimestamp) return release(record)
        if (!(await ensure(record))) queue.addAfter(key, RETRY_MS)
      },
    },
    signal,
  )
}
