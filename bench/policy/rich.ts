import type { NetworkPolicySpec } from '../../src/api/networking/network-policy.ts'

const FIVE = [0, 1, 2, 3, 4] as const

/** Five ports, five ranges, five peers by namespace, five by pod and five by address, in both directions. */
export function richPolicy(namespace: number, index: number, isOpen = false): NetworkPolicySpec {
  const base = 1000 + index * 40
  const ports = [
    ...FIVE.map(i => ({ protocol: 'TCP' as const, port: base + i })),
    ...FIVE.map(i => ({ protocol: 'TCP' as const, port: base + 10 + i * 5, endPort: base + 12 + i * 5 })),
  ]
  const peers = [
    ...FIVE.map(i => ({ namespaceSelector: { matchLabels: { team: `team-${(namespace + index + i) % 24}` } } })),
    ...FIVE.map(i => ({ podSelector: { matchLabels: { app: `app-${i}` } } })),
    ...FIVE.map(i => ({ ipBlock: { cidr: `10.${200 + i}.${index}.0/24`, except: [`10.${200 + i}.${index}.0/28`] } })),
  ]
  // The pair of pods that is measured talks on a port that the last policy opens.
  const open = isOpen && index === 0 ? [{}] : []
  return {
    podSelector: isOpen ? { matchLabels: { app: 'client' } } : {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: peers, ports }, ...open],
    egress: [{ to: peers, ports }, ...open],
  }
}
