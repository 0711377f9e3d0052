import type { Pod } from '../../../api/core/pod.ts'
import type { ActDeps } from './mod.ts'

/** Those that concern the pod's own network alone. Source: kubelet's safe list. */
const SAFE =
  /^net[./]ipv4[./](ip_local_port_range|ip_unprivileged_port_start|ip_local_reserved_ports|tcp_syncookies|ping_group_range|tcp_keepalive_time|tcp_keepalive_intvl|tcp_keepalive_probes|tcp_fin_timeout|tcp_rmem|tcp_wmem)$/

/** Sets what the pod asks for in its network namespace. Throws where that is not for pods to set. */
export function setSysctls({ netns, link }: Pick<ActDeps, 'netns' | 'link'>, pod: Pod, name: string): void {
  const sysctls = pod.spec.securityContext?.sysctls ?? []
  if (sysctls.length === 0) return
  const forbidden = sysctls.filter(sysctl => !SAFE.test(sysctl.name)).map(sysctl => JSON.stringify(sysctl.name))
  if (forbidden.length > 0) throw new Error(`forbidden sysctl: ${forbidden.join(', ')} not allowlisted`)
  const at = netns.open(name)
  try {
    for (const sysctl of sysctls) link.sysctl(at, sysctl.name.replaceAll('.', '/'), sysctl.value)
  } finally {
    netns.close(at)
  }
}
