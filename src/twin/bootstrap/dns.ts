import type { DnsOperatorOptions } from '../../controllers/dns-operator/controller.ts'
import type { WorldPlan } from '../plan.ts'
import type { Manifest } from './mod.ts'

/** What differs between OKD's cluster DNS and that of plain Kubernetes. */
interface DnsShape {
  readonly namespace: string
  readonly service: string
  readonly workload: string
  /** The ConfigMap that holds the Corefile. */
  readonly config: string
  readonly selector: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Where the servers listen in their pods; the Service is on 53 either way. */
  readonly port: number
  readonly metricsPort: number
  /** Pods ask the server of their own node where there is one. */
  readonly sameNode: boolean
}

const OKD: DnsShape = {
  namespace: 'openshift-dns',
  service: 'dns-default',
  workload: 'dns-default',
  config: 'dns-default',
  selector: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
  labels: { 'dns.operator.openshift.io/owning-dns': 'default' },
  port: 5353,
  metricsPort: 9154,
  sameNode: true,
}
const KUBERNETES: DnsShape = {
  namespace: 'kube-system',
  service: 'kube-dns',
  workload: 'coredns',
  config: 'coredns',
  selector: { 'k8s-app': 'kube-dns' },
  labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS', 'kubernetes.io/cluster-service': 'true' },
  port: 53,
  metricsPort: 9153,
  sameNode: false,
}

export function clusterDns(plan: WorldPlan): readonly Manifest[] {
  const shape = plan.config.profile === 'okd' ? OKD : KUBERNETES
  if (plan.config.profile === 'okd') return [service(shape, plan), daemonSet(shape, plan)]
  return [service(shape, plan), coreConfig(plan), deployment(shape, plan)]
}

/** What OKD's operator keeps: the same Service and pods. */
export const dnsOperands = (plan: WorldPlan): DnsOperatorOptions => ({
  clusterIP: plan.dnsServiceIp,
  clusterDomain: plan.config.clusterDomain,
  port: OKD.port,
  service: service(OKD, plan) as never,
  daemonSet: daemonSet(OKD, plan) as never,
})

/** kubeadm's Corefile, which people edit; without the cache for the cluster's own names, of which there is none. */
const coreConfig = ({ config }: WorldPlan): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: KUBERNETES.config, namespace: KUBERNETES.namespace },
  data: {
    Corefile: `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${config.clusterDomain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${config.clusterDomain}
       disable denial ${config.clusterDomain}
    }
    loop
    reload
    loadbalance
}
`,
  },
})

const service = (shape: DnsShape, plan: WorldPlan): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: shape.service, namespace: shape.namespace, labels: shape.labels },
  spec: {
    type: 'ClusterIP',
    clusterIP: plan.dnsServiceIp,
    selector: shape.selector,
    ...(shape.sameNode ? { trafficDistribution: 'PreferSameNode' } : {}),
    ports: [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: 'dns' },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 'dns-tcp' },
      { name: 'metrics', protocol: 'TCP', port: shape.metricsPort, targetPort: 'metrics' },
    ],
  },
})

const daemonSet = (shape: DnsShape, plan: WorldPlan): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: shape.workload, namespace: shape.namespace, labels: shape.labels },
  spec: { selector: { matchLabels: shape.selector }, template: podTemplate(shape, plan) },
})

const deployment = (shape: DnsShape, plan: WorldPlan): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: shape.workload, namespace: shape.namespace, labels: shape.labels },
  spec: {
    replicas: Math.min(2, plan.config.nodes),
    selector: { matchLabels: shape.selector },
    template: podTemplate(shape, plan),
  },
})

const podTemplate = (shape: DnsShape, plan: WorldPlan): object => ({
  metadata: { labels: shape.selector },
  spec: {
    dnsPolicy: 'Default',
    // Its server knows what it serves from the process that runs it.
    automountServiceAccountToken: false,
    priorityClassName: 'system-node-critical',
    tolerations: [{ operator: 'Exists' }],
    containers: [
      {
        name: 'dns',
        image: 'fairlead/dns',
        args: [
          `--port=${shape.port}`,
          `--cluster-domain=${plan.config.clusterDomain}`,
          `--upstream=${plan.upstreamDns}`,
          `--corefile=${shape.namespace}/${shape.config}`,
        ],
        ports: [
          { name: 'dns', containerPort: shape.port, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: shape.port, protocol: 'TCP' },
          { name: 'metrics', containerPort: shape.metricsPort, protocol: 'TCP' },
        ],
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 3 },
        livenessProbe: { httpGet: { path: '/health', port: 8080 }, periodSeconds: 10, failureThreshold: 5 },
      },
    ],
  },
})
