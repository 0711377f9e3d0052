import type { Obj } from '../../object.ts'
import type { PortLike } from './service.ts'
import { mayHavePorts, needsAddress, needsHealthPort, specOf } from './service.ts'

/** An update that leaves allocated fields out keeps them; one that changes the type drops those the new type has not. */
export function carryAllocated(service: Obj, old: Obj): void {
  const spec = specOf(service)
  const before = specOf(old)
  if (needsAddress(spec) && needsAddress(before)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP
    // Whoever changes only the first means the list too; that it may not change is for validation to say.
    else if (spec.clusterIP !== before.clusterIP && isSame(spec.clusterIPs, before.clusterIPs))
      spec.clusterIPs = [spec.clusterIP!]
    if (!spec.clusterIPs?.length && before.clusterIPs && spec.clusterIP === before.clusterIPs[0])
      spec.clusterIPs = [...before.clusterIPs]
    if (!spec.ipFamilies?.length && before.ipFamilies) spec.ipFamilies = [...before.ipFamilies]
    if (!spec.ipFamilyPolicy && before.ipFamilyPolicy) spec.ipFamilyPolicy = before.ipFamilyPolicy
  }
  if (mayHavePorts(spec) && mayHavePorts(before)) keepPorts(spec.ports ?? [], before.ports ?? [])
  if (needsHealthPort(spec) && needsHealthPort(before) && before.healthCheckNodePort)
    spec.healthCheckNodePort ||= before.healthCheckNodePort
  dropWhatTheTypeHasNot(service, old)
}

const isSame = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a?.length === b?.length && (a ?? []).every((text, index) => text === b?.[index])

/** By name, whatever else changed; one that the Service gives to another of its ports is that one's. Source: patchAllocatedValues. */
function keepPorts(ports: readonly PortLike[], before: readonly PortLike[]): void {
  const given = new Set(ports.map(({ nodePort }) => nodePort))
  for (const port of ports) {
    const old = before.find(({ name }) => (name ?? '') === (port.name ?? ''))
    if (!port.nodePort && old?.nodePort && !given.has(old.nodePort)) port.nodePort = old.nodePort
  }
}

function dropWhatTheTypeHasNot(service: Obj, old: Obj): void {
  const spec = specOf(service)
  const before = specOf(old)
  if (!needsAddress(spec) && needsAddress(before)) {
    if (spec.clusterIP === before.clusterIP && isSame(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    if (isSame(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy
  }
  if (!mayHavePorts(spec) && mayHavePorts(before))
    for (const port of spec.ports ?? [])
      if (before.ports?.some(({ nodePort }) => nodePort === port.nodePort)) delete port.nodePort
  if (!needsHealthPort(spec) && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort
}
