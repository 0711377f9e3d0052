import type { Service } from '../../api/core/service.ts'
import type { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import type { IngressController } from '../../api/operator/ingress-controller.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import type { Draft } from '../../client/mod.ts'
import { domainOf, type IngressSettings, OPERATOR_NAMESPACE, OWNER_LABEL, publishingOf } from './settings.ts'

type Verdict = Omit<OperatorCondition, 'lastTransitionTime'>

const TTL_S = 30

export const recordName = ({ metadata }: Pick<IngressController, 'metadata'>): string => `${metadata.name}-wildcard`

const hasZones = ({ dns }: IngressSettings): boolean =>
  dns?.spec.publicZone !== undefined || dns?.spec.privateZone !== undefined

/** Not where the user says so, nor for a domain that the cluster's zones cannot hold. */
function isManaged(settings: IngressSettings): boolean {
  const base = settings.dns?.spec.baseDomain ?? ''
  const { loadBalancer } = publishingOf(settings)
  return loadBalancer?.dnsManagementPolicy !== 'Unmanaged' && domainOf(settings).endsWith(`.${base}`)
}

/** The wildcard of a domain behind a load balancer that has an address or a name. */
export function recordOf(settings: IngressSettings, service: Service | undefined): Draft<DNSRecord> | undefined {
  const { controller } = settings
  if (publishingOf(settings).type !== 'LoadBalancerService' || !hasZones(settings)) return undefined
  const [front] = service?.status?.loadBalancer?.ingress ?? []
  const target = front?.hostname || front?.ip
  if (!target) return undefined
  return {
    metadata: {
      namespace: OPERATOR_NAMESPACE,
      name: recordName(controller),
      labels: { [OWNER_LABEL]: controller.metadata.name },
    },
    spec: {
      dnsName: `*.${domainOf(settings)}.`,
      dnsManagementPolicy: isManaged(settings) ? 'Managed' : 'Unmanaged',
      recordType: front?.hostname ? 'CNAME' : 'A',
      recordTTL: TTL_S,
      targets: [target],
    },
  }
}

const verdict = (type: string, status: Verdict['status'], reason: string, message: string): Verdict => ({
  type,
  status,
  reason,
  message,
})

/** DNSManaged, and DNSReady where there is a record to speak of. Words are OKD's. */
export function dnsConditions(settings: IngressSettings, record: DNSRecord | undefined): readonly Verdict[] {
  if (!hasZones(settings))
    return [verdict('DNSManaged', 'False', 'NoDNSZones', 'No DNS zones are defined in the cluster dns config.')]
  if (publishingOf(settings).type !== 'LoadBalancerService')
    return [
      verdict(
        'DNSManaged',
        'False',
        'UnsupportedEndpointPublishingStrategy',
        "The endpoint publishing strategy doesn't support DNS management.",
      ),
    ]
  const unmanaged = 'The DNS management policy is set to Unmanaged.'
  return [
    isManaged(settings)
      ? verdict(
          'DNSManaged',
          'True',
          'Normal',
          'DNS management is supported and zones are specified in the cluster DNS config.',
        )
      : verdict('DNSManaged', 'False', 'UnmanagedLoadBalancerDNS', unmanaged),
    ready(record, unmanaged),
  ]
}

function ready(record: DNSRecord | undefined, unmanaged: string): Verdict {
  const not = (reason: string, message: string): Verdict => verdict('DNSReady', 'False', reason, message)
  if (!record) return not('RecordNotFound', 'The wildcard record resource was not found.')
  if (record.spec.dnsManagementPolicy === 'Unmanaged') return verdict('DNSReady', 'Unknown', 'UnmanagedDNS', unmanaged)
  const zones = record.status?.zones ?? []
  if (zones.length === 0) return not('NoZones', "The record isn't present in any zones.")
  const failed = zones.filter(({ conditions = [] }) => conditions.some(({ status }) => status === 'False'))
  if (failed.length > 0) {
    const names = failed.map(({ dnsZone }) => dnsZone.id).join(' ')
    return not('FailedZones', `The record failed to provision in some zones: [${names}]`)
  }
  return verdict('DNSReady', 'True', 'NoFailedZones', 'The record is provisioned in all reported zones.')
}
