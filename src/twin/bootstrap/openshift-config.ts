import { cidrText } from '../../lib/cidr.ts'
import { clusterNetworksOf, serviceNetworksOf } from '../config.ts'
import type { WorldPlan } from '../plan.ts'
import type { Manifest } from './mod.ts'

/** The cluster-wide configuration objects that operators and `oc` read: all named cluster, but ClusterVersion. */
export const openshiftConfig = (plan: WorldPlan): readonly Manifest[] => [
  config('Ingress', { spec: { domain: plan.config.appsDomain } }),
  config('APIServer', { spec: { audit: { profile: 'Default' } } }),
  config('DNS', { spec: { baseDomain: baseDomain(plan), publicZone: { id: baseDomain(plan) } } }),
  config('Network', { spec: network(plan), status: { ...network(plan), clusterNetworkMTU: plan.config.mtu } }),
  config('Infrastructure', {
    spec: { platformSpec: { type: 'None' } },
    status: {
      infrastructureName: `fairlead-${plan.config.name}`,
      platform: 'None',
      platformStatus: { type: 'None' },
      controlPlaneTopology: 'SingleReplica',
      infrastructureTopology: 'SingleReplica',
      apiServerURL: `https://${plan.nodes[0]!.address}:${plan.apiPort}`,
      apiServerInternalURI: `https://${plan.nodes[0]!.address}:${plan.apiPort}`,
    },
  }),
  {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version' },
    spec: { clusterID: '00000000-0000-4000-8000-000000000000', channel: 'stable-4' },
  },
  {
    apiVersion: 'operator.openshift.io/v1',
    kind: 'DNS',
    metadata: { name: 'default' },
    spec: {},
  },
  {
    apiVersion: 'operator.openshift.io/v1',
    kind: 'Network',
    metadata: { name: 'cluster' },
    spec: operatorNetwork(plan),
  },
]

/** Also the zone that the outside DNS takes records for. */
const baseDomain = ({ config }: WorldPlan): string => config.appsDomain.replace(/^apps\./, '')

const config = (kind: string, rest: object): Manifest => ({
  apiVersion: 'config.openshift.io/v1',
  kind,
  metadata: { name: 'cluster' },
  ...rest,
})

/** What the network is made with. Changes of it are stored and have no effect. */
const operatorNetwork = (plan: WorldPlan): object => {
  const { networkType, ...networks } = network(plan)
  return {
    ...networks,
    managementState: 'Managed',
    defaultNetwork: { type: networkType, ovnKubernetesConfig: { mtu: plan.config.mtu } },
    disableMultiNetwork: false,
    deployKubeProxy: false,
  }
}

const network = ({ config }: WorldPlan) => ({
  networkType: 'OVNKubernetes',
  clusterNetwork: clusterNetworksOf(config).map(({ cidr, hostPrefix }) => ({ cidr: cidrText(cidr), hostPrefix })),
  serviceNetwork: serviceNetworksOf(config).map(cidrText),
})
