import type { Container } from '../../../api/core/pod/container.ts'
import type { Probe } from '../../../api/core/pod/probe.ts'
import { parseIp } from '../../../lib/ip.ts'
import type { Check } from '../../probe/mod.ts'

/** What a probe does, for a pod at this address. */
export function checkOf(podUid: string, container: Container, probe: Probe, podIp: string): Check {
  if (probe.exec) return { kind: 'exec', podUid, container: container.name, command: probe.exec.command ?? [] }
  const action = probe.httpGet ?? probe.tcpSocket ?? probe.grpc
  if (!action) return { kind: 'invalid', message: 'missing probe handler' }
  const port = portOf(container, action.port)
  if (port === undefined)
    return {
      kind: 'invalid',
      message: `couldn't find port: ${JSON.stringify(action.port)} in the ports of container ${container.name}`,
    }
  const host = ('host' in action && action.host) || podIp
  const address = parseIp(host)
  if (address === undefined)
    return { kind: 'invalid', message: `the host ${JSON.stringify(host)} of the probe is not an address` }
  if (probe.grpc) return { kind: 'grpc', address, port, service: probe.grpc.service ?? '' }
  if (!probe.httpGet) return { kind: 'tcp', address, port }
  const { scheme = 'HTTP', path = '/', httpHeaders = [] } = probe.httpGet
  return {
    kind: 'http',
    scheme,
    address,
    port,
    path,
    headers: httpHeaders.map(({ name, value = '' }) => ({ name, value })),
  }
}

function portOf(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port
  if (/^\d+$/.test(port)) return Number(port)
  return container.ports?.find(({ name }) => name === port)?.containerPort
}
