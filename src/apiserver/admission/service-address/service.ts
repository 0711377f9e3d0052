import type { Obj } from '../../object.ts'
import type { Claim } from './ledger.ts'

export interface PortLike {
  name?: string
  port: number
  protocol?: string
  nodePort?: number
}

/** The part of a Service's spec that allocation reads and writes. */
export interface SpecLike {
  type?: string
  clusterIP?: string
  clusterIPs?: string[]
  ipFamilies?: string[]
  ipFamilyPolicy?: string
  selector?: Record<string, string>
  ports?: PortLike[]
  externalTrafficPolicy?: string
  healthCheckNodePort?: number
  allocateLoadBalancerNodePorts?: boolean
}

export const specOf = (service: Obj): SpecLike => (service.spec ?? {}) as SpecLike

export const NONE = 'None'
export const isHeadless = ({ clusterIP }: SpecLike): boolean => clusterIP === NONE
export const needsAddress = (spec: SpecLike): boolean => spec.type !== 'ExternalName'
export const mayHavePorts = ({ type }: SpecLike): boolean => type === 'NodePort' || type === 'LoadBalancer'
export const needsPorts = (spec: SpecLike): boolean =>
  mayHavePorts(spec) && (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false)
export const needsHealthPort = (spec: SpecLike): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

/** What a stored Service holds. */
export function claimOf(service: Obj): Claim {
  const { clusterIPs = [], ports = [], healthCheckNodePort } = specOf(service)
  const nodePorts = ports.flatMap(({ nodePort }) => (nodePort ? [nodePort] : []))
  return {
    addresses: clusterIPs.filter(address => address !== NONE && address !== ''),
    ports: [...new Set([...nodePorts, ...(healthCheckNodePort ? [healthCheckNodePort] : [])])],
  }
}

/** What the first claim has and the second has not. */
export const without = (claim: Claim, other: Claim): Claim => ({
  addresses: claim.addresses.filter(address => !other.addresses.includes(address)),
  ports: claim.ports.filter(port => !other.ports.includes(port)),
})
