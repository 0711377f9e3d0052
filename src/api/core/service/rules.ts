/** The rules of Services. Source: ValidateService of k8s.io/kubernetes/pkg/apis/core/validation. */
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { dns1123Label, dns1123Subdomain, portName, portNumber, qualifiedName } from '../../meta/names.ts'
import { duplicates, labelErrors, named, same } from '../../meta/rules.ts'
import type { Service, ServicePort, ServiceSpec } from '../service.ts'
import { addressErrors, externalAddressErrors, rangeErrors } from './address-rules.ts'
import { isExternal } from './complete.ts'

const MAX_AFFINITY_SECONDS = 86_400

export function serviceErrors(service: Service, old?: Service): readonly FieldError[] {
  const { spec } = service
  return [
    ...portsErrors(spec),
    ...typeErrors(spec),
    ...labelErrors(spec.selector, 'spec.selector'),
    ...affinityErrors(spec),
    ...addressErrors(spec),
    ...externalAddressErrors(spec),
    ...rangeErrors(spec),
    ...trafficErrors(spec),
    ...balancerErrors(spec, old?.spec),
    ...(old ? changeErrors(spec, old.spec) : []),
  ]
}

export const isHeadless = ({ clusterIP }: ServiceSpec): boolean => clusterIP === 'None'

function portsErrors(spec: ServiceSpec): readonly FieldError[] {
  const ports = spec.ports ?? []
  if (ports.length === 0) return isHeadless(spec) || spec.type === 'ExternalName' ? [] : [required('spec.ports')]
  return [
    ...ports.flatMap((port, index) => portErrors(port, spec, `spec.ports[${index}]`, ports.length > 1)),
    ...duplicates(ports, port => port.name).map(index => duplicate(`spec.ports[${index}].name`, ports[index]!.name)),
    ...duplicates(ports, port => `${port.protocol}/${port.port}`).map(index => ({
      ...duplicate(`spec.ports[${index}]`, { port: ports[index]!.port, protocol: ports[index]!.protocol }),
    })),
    ...duplicates(ports, port => (port.nodePort ? `${port.protocol}/${port.nodePort}` : undefined)).map(index =>
      duplicate(`spec.ports[${index}].nodePort`, ports[index]!.nodePort),
    ),
  ]
}

function portErrors(port: ServicePort, spec: ServiceSpec, path: string, several: boolean): readonly FieldError[] {
  const { name = '', targetPort, nodePort, appProtocol } = port
  const errors: FieldError[] = []
  if (name === '' && several) errors.push(required(`${path}.name`))
  if (name !== '') errors.push(...named(`${path}.name`, name, dns1123Label))
  errors.push(...portNumber(port.port).map(detail => invalid(`${path}.port`, port.port, detail)))
  if (typeof targetPort === 'string') errors.push(...named(`${path}.targetPort`, targetPort, portName))
  else if (targetPort !== undefined)
    errors.push(...portNumber(targetPort).map(detail => invalid(`${path}.targetPort`, targetPort, detail)))
  if (appProtocol !== undefined) errors.push(...named(`${path}.appProtocol`, appProtocol, qualifiedName))
  if (nodePort && spec.type === 'ClusterIP')
    errors.push(forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
  return errors
}

function typeErrors(spec: ServiceSpec): readonly FieldError[] {
  switch (spec.type) {
    case 'LoadBalancer':
    case 'NodePort':
      return isHeadless(spec)
        ? [invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`)]
        : []
    case 'ExternalName':
      return externalNameErrors(spec)
    default:
      return []
  }
}

function externalNameErrors(spec: ServiceSpec): readonly FieldError[] {
  const detail = 'may not be set for ExternalName services'
  const errors: FieldError[] = []
  if (spec.clusterIPs?.length || spec.clusterIP) errors.push(forbidden('spec.clusterIPs', detail))
  if (spec.ipFamilies?.length) errors.push(forbidden('spec.ipFamilies', detail))
  if (spec.ipFamilyPolicy) errors.push(forbidden('spec.ipFamilyPolicy', detail))
  const name = (spec.externalName ?? '').replace(/\.$/, '')
  errors.push(...(name === '' ? [required('spec.externalName')] : named('spec.externalName', name, dns1123Subdomain)))
  return errors
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): readonly FieldError[] {
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (sessionAffinity !== 'ClientIP' || seconds === undefined) return []
  if (seconds > 0 && seconds <= MAX_AFFINITY_SECONDS) return []
  const detail = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`
  return [invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, detail)]
}

const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode']

function trafficErrors(spec: ServiceSpec): readonly FieldError[] {
  const { externalTrafficPolicy, healthCheckNodePort, type, trafficDistribution } = spec
  const errors: FieldError[] = []
  if (externalTrafficPolicy && !isExternal(spec))
    errors.push(
      invalid(
        'spec.externalTrafficPolicy',
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    )
  const checked = type === 'LoadBalancer' && externalTrafficPolicy === 'Local'
  if (healthCheckNodePort && !checked)
    errors.push(
      invalid(
        'spec.healthCheckNodePort',
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    )
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution))
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS))
  return errors
}

function balancerErrors(spec: ServiceSpec, old: ServiceSpec | undefined): readonly FieldError[] {
  const { type, allocateLoadBalancerNodePorts: allocate, loadBalancerClass } = spec
  const errors: FieldError[] = []
  if (allocate !== undefined && type !== 'LoadBalancer')
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
  if (loadBalancerClass !== undefined) {
    if (type === 'LoadBalancer') errors.push(...named('spec.loadBalancerClass', loadBalancerClass, qualifiedName))
    else errors.push(forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"))
  }
  if (old?.type === 'LoadBalancer' && type === 'LoadBalancer' && old.loadBalancerClass !== loadBalancerClass)
    errors.push(invalid('spec.loadBalancerClass', loadBalancerClass, 'may not change once set'))
  return errors
}

/** What was allocated stays, unless the Service becomes or was a mere DNS name. */
function changeErrors(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return []
  const errors: FieldError[] = []
  const [before] = old.clusterIPs ?? []
  const [after] = spec.clusterIPs ?? []
  if (before && before !== after)
    errors.push(invalid('spec.clusterIPs[0]', spec.clusterIPs ?? null, 'may not change once set'))
  const families = isHeadless(spec) && isHeadless(old)
  if (!families && old.ipFamilies?.length && !same(spec.ipFamilies?.[0], old.ipFamilies[0]))
    errors.push(invalid('spec.ipFamilies[0]', spec.ipFamilies ?? null, 'may not change once set'))
  if (old.healthCheckNodePort && spec.healthCheckNodePort && spec.healthCheckNodePort !== old.healthCheckNodePort)
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
  return errors
}
