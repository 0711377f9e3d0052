import type { NetworkPolicy } from './network-policy.ts'

/** A policy that does not say isolates for ingress, and for egress where it speaks of it. */
export function completeNetworkPolicy(policy: NetworkPolicy): NetworkPolicy {
  const { spec } = policy
  if (spec.policyTypes?.length) return policy
  const policyTypes = spec.egress?.length ? (['Ingress', 'Egress'] as const) : (['Ingress'] as const)
  return { ...policy, spec: { ...spec, policyTypes } }
}
