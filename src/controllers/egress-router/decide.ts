import { createHash } from 'node:crypto'
import type { Deployment } from '../../api/apps/deployment.ts'
import type { EgressRouter, EgressRouterStatus } from '../../api/network-operator/egress-router.ts'
import type { OperatorCondition } from '../../api/operator/operator.ts'
import type { Draft } from '../../client/mod.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { ROUTER_ANNOTATION, routerSettings } from '../../model/egress-router/custom.ts'
import type { RouterSettings } from '../../model/egress-router/settings.ts'
import { RouterSettingsError } from '../../model/egress-router/settings.ts'
import { withCondition } from '../shared/conditions.ts'

/** Names and labels are the network operator's: Services of users select them. */
export const DEPLOYMENT_NAME = 'egress-router-cni-deployment'
const LABELS = { app: 'egress-router-cni' }
const SETTINGS_ANNOTATION = 'network.operator.openshift.io/egress-router-settings'

/** Why an EgressRouter cannot be, or what it is to be. */
export type Verdict =
  | { readonly is: 'wanted'; readonly settings: RouterSettings }
  | { readonly is: 'wrong'; readonly reason: string; readonly message: string }

/** The eldest of a namespace is its router: there is one Deployment. */
export function verdictOf(router: EgressRouter, all: readonly EgressRouter[]): Verdict {
  const [first] = all.toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
  if (first && first.metadata.name !== router.metadata.name) {
    const message = `EgressRouter ${first.metadata.name} is the router of this namespace, which has one`
    return { is: 'wrong', reason: 'AnotherRouter', message }
  }
  try {
    return { is: 'wanted', settings: routerSettings(router.spec) }
  } catch (error) {
    if (!(error instanceof RouterSettingsError)) throw error
    return { is: 'wrong', reason: 'InvalidConfiguration', message: error.message }
  }
}

const ageOf = ({ metadata }: EgressRouter): string => `${metadata.creationTimestamp} ${metadata.name}`

/** The pods' own link is made by the node; two pods with one address would be none. */
export function deploymentOf(router: EgressRouter): Draft<Deployment> {
  const { name, namespace, uid } = router.metadata
  const settings = createHash('sha256').update(JSON.stringify(router.spec)).digest('hex').slice(0, 16)
  const owner = { apiVersion: 'network.operator.openshift.io/v1', kind: 'EgressRouter', name, uid, controller: true }
  return {
    metadata: { name: DEPLOYMENT_NAME, namespace: namespace!, labels: LABELS, ownerReferences: [owner] },
    spec: {
      replicas: 1,
      selector: { matchLabels: LABELS },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { labels: LABELS, annotations: { [ROUTER_ANNOTATION]: name, [SETTINGS_ANNOTATION]: settings } },
        spec: {
          containers: [{ name: 'egress-router-pod', image: 'quay.io/openshift/origin-egress-router-cni:latest' }],
        },
      },
    },
  } as unknown as Draft<Deployment>
}

/** Whether the Deployment is of these settings. */
export const isCurrent = (old: Deployment, wanted: Draft<Deployment>): boolean => {
  const of = ({ spec }: Draft<Deployment>) => spec?.template.metadata?.annotations?.[SETTINGS_ANNOTATION]
  return of(old) === of(wanted)
}

/** What the EgressRouter says of itself. */
export function statusOf(
  router: EgressRouter,
  verdict: Verdict,
  deployment: Deployment | undefined,
  nowMs: number,
): EgressRouterStatus {
  const isWrong = verdict.is === 'wrong'
  const { availableReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = deployment?.status ?? {}
  const isSeen = deployment !== undefined && observedGeneration >= (deployment.metadata.generation ?? 0)
  const isUp = !isWrong && isSeen && availableReplicas > 0 && updatedReplicas > 0
  const why = isWrong
    ? verdict
    : isUp
      ? AS_EXPECTED
      : { reason: 'Reconciling', message: 'The pod is not available yet.' }
  const condition = (type: string, holds: boolean): OperatorCondition => ({
    type,
    status: holds ? 'True' : 'False',
    reason: why.reason,
    message: why.message,
    lastTransitionTime: rfc3339(nowMs),
  })
  let conditions = router.status?.conditions ?? []
  for (const one of [
    condition('Available', isUp),
    condition('Degraded', isWrong),
    condition('Progressing', !isWrong && !isUp),
  ])
    conditions = withCondition(conditions, one)
  return { conditions: conditions.toSorted((a, b) => (a.type < b.type ? -1 : 1)) }
}

const AS_EXPECTED = { reason: 'AsExpected', message: 'The router is available.' }
