import type { DNS } from '../../api/config/dns.ts'
import type { DNSRecord, DNSRecordStatus, DNSZoneCondition } from '../../api/ingress-operator/dns-record.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'

type Zone = NonNullable<DNS['spec']['publicZone']>

export const zonesOf = (dns: DNS | undefined): readonly Zone[] =>
  [dns?.spec.privateZone, dns?.spec.publicZone].filter(zone => zone !== undefined)

export const isManaged = ({ spec }: DNSRecord): boolean => spec.dnsManagementPolicy !== 'Unmanaged'

/** The zone's name in DNS: platforms have ids, ours is a name. */
export const zoneName = (zone: Zone): string => `${(zone.id || zone.tags?.Name || '').replace(/\.$/, '')}.`

/** Words are OKD's. `problems`: by zone, why it could not be published there; undefined where it was. */
export function statusOf(
  record: DNSRecord,
  zones: readonly Zone[],
  problems: readonly (string | undefined)[],
  nowMs: number,
): DNSRecordStatus {
  return {
    zones: zones.map((dnsZone, index) => {
      const old = record.status?.zones?.find(each => zoneName(each.dnsZone) === zoneName(dnsZone))
      const condition = { ...published(record, problems[index]), lastTransitionTime: rfc3339(nowMs) }
      return { dnsZone, conditions: withCondition(old?.conditions, condition) }
    }),
    ...(record.metadata.generation === undefined ? {} : { observedGeneration: record.metadata.generation }),
  }
}

function published(record: DNSRecord, problem: string | undefined): DNSZoneCondition {
  if (!isManaged(record))
    return {
      type: 'Published',
      status: 'Unknown',
      reason: 'UnmanagedDNS',
      message: 'DNS record is currently not being managed by the operator',
    }
  return problem === undefined
    ? {
        type: 'Published',
        status: 'True',
        reason: 'ProviderSuccess',
        message: 'The DNS provider succeeded in ensuring the record',
      }
    : {
        type: 'Published',
        status: 'False',
        reason: 'ProviderError',
        message: `The DNS provider failed to ensure the record: ${problem}`,
      }
}
