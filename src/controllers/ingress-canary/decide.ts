import type { DaemonSet } from '../../api/apps/daemon-set.ts'
import type { Service } from '../../api/core/service.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import type { Route } from '../../api/route/route.ts'
import type { Draft } from '../../client/mod.ts'

export const CANARY_NAMESPACE = 'openshift-ingress-canary'
const NAME = 'ingress-canary'
const LABELS = { 'ingresscanary.operator.openshift.io/daemonset-ingresscanary': 'canary_controller' }
const PORT = 8080

/** A check each minute; so many in a row must fail before it counts. Source: OKD's ingress operator. */
export const CHECK_MS = 60_000
export const FAILURES = 5

/** A server on each node, and a Route to them. */
export interface CanaryObjects {
  readonly daemonSet: Draft<DaemonSet>
  readonly service: Draft<Service>
  readonly route: Draft<Route>
}

export function canaryObjects(domain: string, image: string): CanaryObjects {
  const metadata = { namespace: CANARY_NAMESPACE, name: NAME, labels: LABELS }
  const port = `${PORT}-tcp`
  return {
    daemonSet: {
      metadata,
      spec: {
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS } as unknown as NonNullable<DaemonSet['spec']['template']['metadata']>,
          spec: {
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            priorityClassName: 'system-cluster-critical',
            containers: [
              { name: 'serve-healthcheck-canary', image, ports: [{ containerPort: PORT, protocol: 'TCP' }] },
            ],
          },
        },
      },
    },
    service: {
      metadata,
      spec: { selector: LABELS, ports: [{ name: port, port: PORT, targetPort: PORT, protocol: 'TCP' }] },
    },
    route: {
      metadata: { ...metadata, name: 'canary' },
      spec: {
        host: `canary-${CANARY_NAMESPACE}.${domain}`,
        to: { kind: 'Service', name: NAME, weight: 100 },
        port: { targetPort: port },
        tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' },
      },
    },
  }
}

/** What to say after the last checks: nothing while too few have failed. Words are OKD's. */
export function canaryVerdict(failures: readonly string[]): Omit<OperatorCondition, 'lastTransitionTime'> | undefined {
  const type = 'CanaryChecksSucceeding'
  if (failures.length === 0)
    return {
      type,
      status: 'True',
      reason: 'CanaryChecksSucceeding',
      message: 'Canary route checks for the default ingress controller are successful',
    }
  if (failures.length < FAILURES) return undefined
  const last = failures.slice(-FAILURES)
  const message = `Canary route checks for the default ingress controller are failing. Last ${last.length} error messages:\n${last.join('\n')}`
  return { type, status: 'False', reason: 'CanaryChecksRepetitiveFailures', message }
}
