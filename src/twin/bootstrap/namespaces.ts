import type { WorldPlan } from '../plan.ts'
import type { Manifest } from './mod.ts'

const KUBERNETES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const

/** Labels by which network policies name parts of the platform. Source: OKD's network policy documentation. */
const OPENSHIFT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  openshift: {},
  'openshift-config': {},
  'openshift-config-managed': {},
  'openshift-dns': {},
  // What nodes send themselves belongs to it; that of routers too, as the controller policy-group says.
  'openshift-host-network': { 'policy-group.network.openshift.io/host-network': '' },
  'openshift-ingress': {
    'network.openshift.io/policy-group': 'ingress',
    'policy-group.network.openshift.io/ingress': '',
  },
  'openshift-ingress-canary': {},
  'openshift-ingress-operator': {},
}

export const namespaces = ({ config }: WorldPlan): readonly Manifest[] =>
  [...KUBERNETES.map(name => [name, {}] as const), ...(config.profile === 'okd' ? Object.entries(OPENSHIFT) : [])].map(
    ([name, labels]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }),
  )
