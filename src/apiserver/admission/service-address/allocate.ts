import { addressErrors } from '../../../api/core/service/address-rules.ts'
import type { ServiceSpec } from '../../../api/core/service.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { internalError, invalid } from '../../errors.ts'
import type { Obj } from '../../object.ts'
import type { Resource } from '../../resource/resource.ts'
import { fillFamilies } from './families.ts'
import type { Ledger } from './ledger.ts'
import type { SpecLike } from './service.ts'
import { isHeadless, mayHavePorts, NONE, needsAddress, needsHealthPort, needsPorts, specOf } from './service.ts'

/**
 * Fills in families, addresses and node ports, and takes those that are asked for. `old`: what the Service was. Throws StatusError
 * 422; takes nothing back.
 */
export function allocate(ledger: Ledger, resource: Resource, service: Obj, owner: string, old?: Obj): void {
  const spec = specOf(service)
  const refuseAll = (errors: readonly FieldError[]) => invalid(resource, service.metadata.name ?? '', errors)
  const refuse: Refuse = error => refuseAll([error])
  if (needsAddress(spec)) {
    const before = old && needsAddress(specOf(old)) ? specOf(old) : undefined
    const wrong = addressErrors(spec as ServiceSpec).filter(({ field }) => field !== 'spec.ipFamilyPolicy')
    const errors = wrong.length > 0 ? wrong : fillFamilies(spec, before, ledger.families)
    if (errors.length > 0) throw refuseAll(errors)
    if (isHeadless(spec)) spec.clusterIPs = [NONE]
    else takeAddresses(ledger, spec, owner, refuse)
  }
  if (mayHavePorts(spec)) takePorts(ledger, spec, owner, refuse)
  if (needsHealthPort(spec)) takeHealthPort(ledger, spec, owner, refuse)
}

type Refuse = (error: FieldError) => Error

/** An address that is not of its family is left as it is: validation says so. */
function takeAddresses(ledger: Ledger, spec: SpecLike, owner: string, refuse: Refuse): void {
  const asked = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : []
  const addresses: string[] = []
  for (const [index, name] of (spec.ipFamilies ?? []).entries()) {
    const wanted = asked[index]
    if (wanted !== undefined) {
      const problem = ledger.takeAddress(wanted, owner)
      if (problem !== undefined)
        throw refuse({ type: 'Invalid', field: 'spec.clusterIPs', value: asked, detail: problem })
      addresses.push(wanted)
      continue
    }
    const address = ledger.nextAddress(name === 'IPv6' ? 6 : 4, owner)
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
  if (!needsPorts(spec)) return
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
