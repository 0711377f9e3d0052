import type { Pod } from '../../../api/core/pod.ts'

export interface HostsOptions {
  readonly node: string
  readonly clusterDomain: string
  /** The node's own /etc/hosts. */
  readonly nodeHosts: string
}

const MAX_HOSTNAME = 63

/** The host name its processes see: the node's for hostNetwork, else spec.hostname or the pod's name, cut to 63 characters. */
export function hostnameOf(pod: Pod, options: HostsOptions): string {
  if (pod.spec.hostNetwork) return options.node
  const short = shortName(pod)
  const domain = domainOf(pod, options)
  return pod.spec.setHostnameAsFQDN && domain !== undefined ? `${short}.${domain}` : short
}

const shortName = (pod: Pod): string =>
  (pod.spec.hostname || pod.metadata.name).slice(0, MAX_HOSTNAME).replace(/[-.]+$/, '')

const domainOf = (pod: Pod, options: HostsOptions): string | undefined =>
  pod.spec.subdomain ? `${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${options.clusterDomain}` : undefined

/** /etc/hosts as the kubelet writes it; a hostNetwork pod has the node's, with its aliases. */
export function hostsFile(pod: Pod, podIps: readonly string[], options: HostsOptions): string {
  const aliases = aliasLines(pod)
  if (pod.spec.hostNetwork)
    return `# Kubernetes-managed hosts file (host network).\n${options.nodeHosts.replace(/\n*$/, '\n')}${aliases}`
  const short = shortName(pod)
  const domain = domainOf(pod, options)
  const own = podIps.map(ip => (domain === undefined ? `${ip}\t${short}\n` : `${ip}\t${short}.${domain}\t${short}\n`))
  return [
    '# Kubernetes-managed hosts file.\n',
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::0\tip6-localnet\n',
    'fe00::0\tip6-mcastprefix\n',
    'fe00::1\tip6-allnodes\n',
    'fe00::2\tip6-allrouters\n',
    ...own,
    aliases,
  ].join('')
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec.hostAliases ?? []
  if (aliases.length === 0) return ''
  return `\n# Entries added by HostAliases.\n${aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`).join('')}`
}
