import type { Decision } from './evaluate.ts'
import { MULTICAST_ANNOTATION } from './multicast.ts'
import type { Direction } from './types.ts'

/** The decision in a line: the verdict, what decided, and where it stands. */
export function describe(decision: Decision, direction: Direction): string {
  const { firewall } = decision
  const also = firewall ? `; and ${firewall.policy}, spec.egress[${firewall.rule}], allows it` : ''
  return `${decided(decision, direction)}${also}`
}

function decided(decision: Decision, direction: Direction): string {
  const { verdict, because, tier, policies = [], rule } = decision
  switch (because) {
    case 'rule':
      return `${verdict}: ${tier} tier, ${policies.join(', ')}, spec.${tier === 'firewall' ? 'egress' : direction}[${rule}]`
    case 'isolation':
      return `${verdict}: isolated by ${policies.join(', ')}, and no rule of theirs matches`
    case 'itself':
      return `${verdict}: a pod always reaches itself`
    case 'own node':
      return `${verdict}: it is the pod's own node`
    case 'multicast':
      return `${verdict}: ${multicast(decision, direction)}`
    case 'not a pod':
      return `${verdict}: no pod with an address of its own, policy does not apply`
    case 'default':
      return `${verdict}: no policy decides`
  }
}

function multicast({ verdict, policies }: Decision, direction: Direction): string {
  const namespace = policies?.join(', ')
  if (verdict === 'deny') return `${namespace} has no annotation ${MULTICAST_ANNOTATION}: "true"`
  return direction === 'egress'
    ? `${namespace} has the annotation ${MULTICAST_ANNOTATION}; policies are not asked about groups`
    : `whoever of ${namespace} joined the group hears it, on every node`
}
