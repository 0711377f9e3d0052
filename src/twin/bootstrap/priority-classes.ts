import { SYSTEM_CLASSES } from '../../api/scheduling/priority-class.ts'
import type { WorldPlan } from '../plan.ts'
import type { Manifest } from './mod.ts'

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'system-cluster-critical':
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  'system-node-critical': 'Used for system critical pods that must not be moved from their current node.',
  'openshift-user-critical': 'This priority class should be used for user facing OpenShift workload pods only.',
}

/** The classes that every cluster has, and OpenShift's for what users face. */
export const priorityClasses = ({ config }: WorldPlan): readonly Manifest[] =>
  Object.entries({
    ...SYSTEM_CLASSES,
    ...(config.profile === 'okd' ? { 'openshift-user-critical': 1_000_000_000 } : {}),
  }).map(([name, value]) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    description: DESCRIPTIONS[name] ?? '',
  }))
