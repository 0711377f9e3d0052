import type { DaemonSet } from '../../api/apps/daemon-set.ts'
import type { ClusterOperator } from '../../api/config/cluster-operator.ts'
import type { Service } from '../../api/core/service.ts'
import type { DNS, DNSStatus } from '../../api/operator/dns.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'

/** What there is of the operands. */
export interface Observed {
  readonly daemonSet: DaemonSet | undefined
  readonly service: Service | undefined
  /** Why the configuration cannot be. */
  readonly problem: string | undefined
  readonly nowMs: number
}

type Verdict = Omit<OperatorCondition, 'lastTransitionTime'>
const verdict = (type: string, isTrue: boolean, reason: string, message: string): Verdict => ({
  type,
  status: isTrue ? 'True' : 'False',
  reason,
  message,
})

/** A tenth of the pods may be missing. */
const MAX_UNAVAILABLE = 0.1

export function statusOf(dns: DNS, observed: Observed, clusterIP: string, clusterDomain: string): DNSStatus {
  const verdicts = [degraded(observed), progressing(observed), available(observed), upgradeable(dns)]
  return {
    ...dns.status,
    clusterIP,
    clusterDomain,
    conditions: merged(dns.status?.conditions, verdicts, observed.nowMs),
  }
}

function degraded({ daemonSet, service, problem }: Observed): Verdict {
  const bad = (reason: string, message: string): Verdict => verdict('Degraded', true, reason, message)
  if (problem !== undefined) return bad('InvalidConfiguration', problem)
  if (!service) return bad('NoService', 'No IP address is assigned to the DNS service.')
  if (!daemonSet) return bad('NoDNSDaemonSet', 'The DNS daemonset does not exist.')
  const { desiredNumberScheduled: wanted = 0, numberAvailable: there = 0 } = daemonSet.status ?? {}
  if (wanted === 0)
    return bad('NoDNSPodsDesired', 'No DNS pods are desired; this could mean all nodes are tainted or unschedulable.')
  if (there === 0) return bad('NoDNSPodsAvailable', 'No DNS pods are available.')
  if (wanted - there > Math.ceil(wanted * MAX_UNAVAILABLE))
    return bad('MaxUnavailableDNSPodsExceeded', `Too many DNS pods are unavailable: ${wanted - there} of ${wanted}.`)
  return verdict(
    'Degraded',
    false,
    'AsExpected',
    'Enough DNS pods are available, and the DNS service has a cluster IP address.',
  )
}

function progressing({ daemonSet, service }: Observed): Verdict {
  const {
    desiredNumberScheduled: wanted = 0,
    numberAvailable: there = 0,
    updatedNumberScheduled: updated = 0,
  } = daemonSet?.status ?? {}
  if (!service || !daemonSet)
    return verdict('Progressing', true, 'Reconciling', 'The DNS service or daemonset is being made.')
  if (there < wanted || updated < wanted)
    return verdict('Progressing', true, 'Reconciling', `Have ${there} available DNS pods, want ${wanted}.`)
  return verdict(
    'Progressing',
    false,
    'AsExpected',
    'All DNS pods are available, and the DNS service has a cluster IP address.',
  )
}

function available({ daemonSet, service }: Observed): Verdict {
  const there = daemonSet?.status?.numberAvailable ?? 0
  if (!service) return verdict('Available', false, 'NoService', 'The DNS service has no address.')
  if (there === 0) return verdict('Available', false, 'NoDNSPodsAvailable', 'The DNS daemonset has no pods available.')
  return verdict(
    'Available',
    true,
    'AsExpected',
    'The DNS daemonset has available pods, and the DNS service has a cluster IP address.',
  )
}

const upgradeable = ({ spec }: DNS): Verdict =>
  spec.managementState === 'Unmanaged'
    ? verdict('Upgradeable', false, 'OperatorUnmanaged', 'The DNS Operator is unmanaged.')
    : verdict('Upgradeable', true, 'AsExpected', 'DNS Operator can be upgraded.')

/** ClusterOperator dns says the same of the default DNS. */
export function clusterOperatorStatus(
  old: ClusterOperator | undefined,
  { conditions = [] }: DNSStatus,
  nowMs: number,
): NonNullable<ClusterOperator['status']> {
  const verdicts = ['Available', 'Progressing', 'Degraded', 'Upgradeable'].flatMap(type => {
    const found = conditions.find(one => one.type === type)
    return found
      ? [{ type, status: found.status, reason: found.reason ?? '', message: found.message ?? '' } as Verdict]
      : []
  })
  return {
    ...old?.status,
    conditions: merged(old?.status?.conditions, verdicts, nowMs),
    relatedObjects: [
      { group: '', resource: 'namespaces', name: 'openshift-dns' },
      { group: 'operator.openshift.io', resource: 'dnses', name: 'default' },
    ],
  }
}

function merged(
  old: readonly OperatorCondition[] | undefined,
  verdicts: readonly Verdict[],
  nowMs: number,
): readonly OperatorCondition[] {
  let conditions = old ?? []
  for (const one of verdicts) conditions = withCondition(conditions, { ...one, lastTransitionTime: rfc3339(nowMs) })
  return conditions.toSorted((a, b) => (a.type < b.type ? -1 : 1))
}
