import type { ClusterOperator, ClusterOperatorStatusCondition } from '../../api/config/cluster-operator.ts'
import type { IngressController } from '../../api/operator/ingress-controller.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { withCondition } from '../shared/conditions.ts'
import { type IngressOperatorOptions, OPERAND_NAMESPACE, OPERATOR_NAMESPACE } from './settings.ts'

type Status = NonNullable<ClusterOperator['status']>
type Verdict = Omit<ClusterOperatorStatusCondition, 'lastTransitionTime'>

/** What ClusterOperator ingress says of all IngressControllers. Words are OKD's. */
export function clusterOperatorStatus(
  old: ClusterOperator,
  controllers: readonly IngressController[],
  { version = '', image }: IngressOperatorOptions,
  nowMs: number,
): Status {
  const areAvailable =
    controllers.length > 0 && controllers.every(one => conditionOf(one, 'Available')?.status === 'True')
  const verdicts = [
    ofDefault(controllers, 'Available', { True: 'IngressAvailable', False: 'IngressUnavailable' }, 'False'),
    progressing(controllers, areAvailable),
    ofDefault(controllers, 'Degraded', { True: 'IngressDegraded', False: 'IngressNotDegraded' }, 'True'),
    { type: 'Upgradeable', status: 'True', reason: 'IngressControllersUpgradeable' },
    { type: 'EvaluationConditionsDetected', status: 'False', reason: 'AsExpected' },
  ] as const
  const now = rfc3339(nowMs)
  const named = (name: string, text: string) => ({ name, version: text })
  return {
    ...old.status,
    conditions: verdicts.reduce<readonly ClusterOperatorStatusCondition[]>(
      (all, verdict) => withCondition(all, { ...verdict, lastTransitionTime: now }),
      old.status?.conditions ?? [],
    ),
    // As long as one is not available, the versions before.
    versions: areAvailable
      ? [named('operator', version), named('ingress-controller', image), named('canary-server', image)]
      : (old.status?.versions ?? ['operator', 'ingress-controller', 'canary-server'].map(one => named(one, 'unknown'))),
    relatedObjects: RELATED,
  }
}

const RELATED: NonNullable<Status['relatedObjects']> = [
  { group: '', resource: 'namespaces', name: OPERATOR_NAMESPACE },
  { group: 'operator.openshift.io', resource: 'ingresscontrollers', namespace: OPERATOR_NAMESPACE, name: '' },
  { group: 'ingress.operator.openshift.io', resource: 'dnsrecords', namespace: OPERATOR_NAMESPACE, name: '' },
  { group: '', resource: 'namespaces', name: OPERAND_NAMESPACE },
  { group: '', resource: 'namespaces', name: 'openshift-ingress-canary' },
]

const conditionOf = ({ status }: IngressController, type: string) => status?.conditions?.find(one => one.type === type)

/** Of the default one alone: its absence is as bad as can be. */
function ofDefault(
  controllers: readonly IngressController[],
  type: 'Available' | 'Degraded',
  reasons: Readonly<Record<'True' | 'False', string>>,
  withoutIt: 'True' | 'False',
): Verdict {
  const found = controllers.find(({ metadata }) => metadata.name === 'default')
  if (!found)
    return {
      type,
      status: withoutIt,
      reason: 'IngressDoesNotExist',
      message: 'The "default" ingress controller does not exist.',
    }
  const said = conditionOf(found, type)
  if (said?.status !== 'True' && said?.status !== 'False')
    return {
      type,
      status: 'Unknown',
      reason: `IngressDoesNotHave${type}Condition`,
      message: `The "default" ingress controller is not reporting ${type === 'Available' ? 'an' : 'a'} ${type} status condition.`,
    }
  const isBad = said.status === (type === 'Available' ? 'False' : 'True')
  const why = isBad ? `: ${said.reason}: ${said.message}` : '.'
  return {
    type,
    status: said.status,
    reason: reasons[said.status],
    message: `The "default" ingress controller reports ${type}=${said.status}${why}`,
  }
}

function progressing(controllers: readonly IngressController[], areAvailable: boolean): Verdict {
  const messages = controllers.flatMap(controller => {
    const said = conditionOf(controller, 'Progressing')
    const { name } = controller.metadata
    return said?.status === 'True'
      ? [`ingresscontroller ${JSON.stringify(name)} is progressing: ${said.reason}: ${said.message}.`]
      : []
  })
  if (!areAvailable) messages.push('Not all ingress controllers are available.')
  return messages.length > 0
    ? { type: 'Progressing', status: 'True', reason: 'Reconciling', message: messages.join('\n') }
    : {
        type: 'Progressing',
        status: 'False',
        reason: 'AsExpected',
        message: 'desired and current number of IngressControllers are equal',
      }
}
