import type { Family } from '../../../lib/ip.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { internalError, invalid } from '../../errors.ts'
import type { Obj } from '../../object.ts'
import type { Resource } from '../../resource/resource.ts'
import type { Ledger } from './ledger.ts'
import { familyName, familyOfText } from './ledger.ts'
import type { SpecLike } from './service.ts'
import { isHeadless, NONE, needsAddress, needsHealthPort, needsPorts, specOf } from './service.ts'

/** Fills in addresses and node ports, and takes those that are asked for. Throws StatusError 422; takes nothing back. */
export function allocate(ledger: Ledger, resource: Resource, service: Obj, owner: string): void {
  const spec = specOf(service)
  const refuse = (error: FieldError) => invalid(resource, service.metadata.name ?? '', [error])
  if (needsAddress(spec)) {
    const families = fillFamilies(ledger, spec, refuse)
    if (isHeadless(spec)) spec.clusterIPs = [NONE]
    else takeAddresses(ledger, spec, families, owner, refuse)
  }
  if (needsPorts(spec)) takePorts(ledger, spec, owner, refuse)
  if (needsHealthPort(spec)) takeHealthPort(ledger, spec, owner, refuse)
}

type Refuse = (error: FieldError) => Error

const FAMILY: Readonly<Record<string, Family>> = { IPv4: 4, IPv6: 6 }

/** The families a Service is to have, from what it asks for, the addresses it names, and what the cluster offers. */
function fillFamilies(ledger: Ledger, spec: SpecLike, refuse: Refuse): readonly Family[] {
  const cluster = ledger.families
  const anything = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  const named = (spec.clusterIPs ?? [spec.clusterIP ?? '']).flatMap(text => familyOfText(text) ?? [])
  const families = new Set<Family>()
  for (const [index, name] of (spec.ipFamilies ?? []).entries()) {
    const family = FAMILY[name]
    if (family === undefined || (!anything && !cluster.includes(family)))
      throw refuse({
        type: 'Invalid',
        field: `spec.ipFamilies[${index}]`,
        value: name,
        detail: 'not configured on this cluster',
      })
    families.add(family)
  }
  for (const family of named) families.add(family)
  spec.ipFamilyPolicy ??= anything ? 'RequireDualStack' : families.size > 1 ? 'RequireDualStack' : 'SingleStack'
  if (families.size === 0) families.add(cluster[0]!)
  if (spec.ipFamilyPolicy !== 'SingleStack') {
    if (spec.ipFamilyPolicy === 'RequireDualStack' && !anything && cluster.length < 2)
      throw refuse({
        type: 'Invalid',
        field: 'spec.ipFamilyPolicy',
        value: spec.ipFamilyPolicy,
        detail: 'this cluster is not configured for dual-stack services',
      })
    for (const family of anything ? ([4, 6] as const) : cluster) families.add(family)
  }
  spec.ipFamilies = [...families].map(familyName)
  return [...families]
}

function takeAddresses(
  ledger: Ledger,
  spec: SpecLike,
  families: readonly Family[],
  owner: string,
  refuse: Refuse,
): void {
  const asked = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : []
  const addresses: string[] = []
  for (const family of families) {
    const wanted = asked.find(text => familyOfText(text) === family)
    if (wanted !== undefined) {
      const problem = ledger.takeAddress(wanted, owner)
      if (problem !== undefined)
        throw refuse({ type: 'Invalid', field: 'spec.clusterIPs', value: asked, detail: problem })
      addresses.push(wanted)
      continue
    }
    const address = ledger.nextAddress(family, owner)
    if (address === undefined) throw internalError('failed to allocate a serviceIP: range is full')
    addresses.push(address)
  }
  spec.clusterIPs = addresses
  spec.clusterIP = addresses[0]!
}

function takePorts(ledger: Ledger, spec: SpecLike, owner: string, refuse: Refuse): void {
  const ports = spec.ports ?? []
  for (const [index, port] of ports.entries()) {
    if (!port.nodePort) continue
    const problem = ledger.takePort(port.nodePort, owner)
    if (problem !== undefined)
      throw refuse({ type: 'Invalid', field: `spec.ports[${index}].nodePort`, value: port.nodePort, detail: problem })
  }
  for (const port of ports) {
    if (port.nodePort) continue
    // The same port in two protocols is one node port.
    const twin = ports.find(
      other => other !== port && other.port === port.port && other.protocol !== port.protocol && other.nodePort,
    )
    const given = twin?.nodePort ?? ledger.nextPort(owner)
    if (given === undefined) throw internalError('failed to allocate a nodePort: range is full')
    port.nodePort = given
  }
}

function takeHealthPort(ledger: Ledger, spec: SpecLike, owner: string, refuse: Refuse): void {
  if (spec.healthCheckNodePort) {
    const problem = ledger.takePort(spec.healthCheckNodePort, owner)
    if (problem === undefined) return
    throw refuse({
      type: 'Invalid',
      field: 'spec.healthCheckNodePort',
      value: spec.healthCheckNodePort,
      detail: problem,
    })
  }
  const port = ledger.nextPort(owner)
  if (port === undefined) throw internalError('failed to allocate a HealthCheck NodePort: range is full')
  spec.healthCheckNodePort = port
}
