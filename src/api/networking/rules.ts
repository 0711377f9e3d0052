/** The rules of Ingresses and network policies. Source: k8s.io/kubernetes/pkg/apis/networking/validation. */
import { contains, parseCidr } from '../../lib/cidr.ts'
import { parseIp } from '../../lib/ip.ts'
import { forbidden, invalid, notSupported, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import {
  dns1035Label,
  dns1123Subdomain,
  portName,
  portNumber,
  qualifiedName,
  wildcardSubdomain,
} from '../meta/names.ts'
import { immutable, named, selectorErrors } from '../meta/rules.ts'
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from './ingress.ts'
import type { IngressClass } from './ingress-class.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './network-policy.ts'

const CLASS = 'kubernetes.io/ingress.class'

export function ingressErrors({ metadata, spec }: Ingress, old?: Ingress): readonly FieldError[] {
  const { rules = [], defaultBackend, ingressClassName, tls = [] } = spec
  return [
    ...(rules.length === 0 && !defaultBackend
      ? [invalid('spec', rules, 'either `defaultBackend` or `rules` must be specified')]
      : []),
    ...(ingressClassName === undefined ? [] : named('spec.ingressClassName', ingressClassName, dns1123Subdomain)),
    ...(defaultBackend ? backendErrors(defaultBackend, 'spec.defaultBackend') : []),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `spec.rules[${index}]`)),
    ...tls.flatMap(({ hosts = [], secretName }, index) => [
      ...hosts.flatMap((host, at) => hostErrors(host, `spec.tls[${index}].hosts[${at}]`)),
      ...(secretName ? named(`spec.tls[${index}].secretName`, secretName, dns1123Subdomain) : []),
    ]),
    ...(old ? [] : classErrors(metadata.annotations?.[CLASS], ingressClassName)),
  ]
}

const classErrors = (annotation: string | undefined, name: string | undefined): readonly FieldError[] =>
  annotation === undefined || name === undefined || annotation === name
    ? []
    : [invalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified')]

function ruleErrors({ host, http }: IngressRule, path: string): readonly FieldError[] {
  const errors: FieldError[] = []
  if (host) {
    if (parseIp(host)) errors.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
    else errors.push(...hostErrors(host, `${path}.host`))
  }
  if (http && http.paths.length === 0) errors.push(required(`${path}.http.paths`))
  http?.paths.forEach((one, index) => {
    errors.push(...pathErrors(one, `${path}.http.paths[${index}]`))
  })
  return errors
}

const hostErrors = (host: string, field: string): readonly FieldError[] =>
  named(field, host, host.includes('*') ? wildcardSubdomain : dns1123Subdomain)

const FORBIDDEN_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const FORBIDDEN_ENDINGS = ['/..', '/.']

function pathErrors({ path = '', pathType, backend }: HTTPIngressPath, where: string): readonly FieldError[] {
  const field = `${where}.path`
  const errors: FieldError[] = []
  if (!pathType) errors.push(required(`${where}.pathType`, 'pathType must be specified'))
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) errors.push(invalid(field, path, 'must be an absolute path'))
    for (const one of FORBIDDEN_SEQUENCES)
      if (path.includes(one)) errors.push(invalid(field, path, `must not contain '${one}'`))
    for (const one of FORBIDDEN_ENDINGS)
      if (path.endsWith(one)) errors.push(invalid(field, path, `cannot end with '${one}'`))
  } else if (pathType === 'ImplementationSpecific' && path !== '' && !path.startsWith('/'))
    errors.push(invalid(field, path, 'must be an absolute path'))
  return [...errors, ...backendErrors(backend, `${where}.backend`)]
}

function backendErrors({ service, resource }: IngressBackend, path: string): readonly FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')]
  if (resource) return resource.apiGroup ? named(`${path}.resource.apiGroup`, resource.apiGroup, dns1123Subdomain) : []
  if (!service) return [invalid(path, '', 'resource or service backend is required')]
  const errors: FieldError[] = []
  if (service.name === '') errors.push(required(`${path}.service.name`))
  else errors.push(...named(`${path}.service.name`, service.name, dns1035Label))
  const { name, number } = service.port ?? {}
  const where = `${path}.service.port`
  if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'))
  else if (!name && !number) errors.push(required(path, 'port name or number is required'))
  if (name) errors.push(...named(`${where}.name`, name, portName))
  if (number) errors.push(...portNumber(number).map(detail => invalid(`${where}.number`, number, detail)))
  return errors
}

export function ingressClassErrors({ spec }: IngressClass, old?: IngressClass): readonly FieldError[] {
  const { controller = '', parameters } = spec ?? {}
  const errors: FieldError[] = []
  if (old) errors.push(...immutable('spec.controller', controller, old.spec?.controller ?? ''))
  else if (controller === '') errors.push(required('spec.controller'))
  else errors.push(...named('spec.controller', controller, qualifiedName))
  if (controller.length > 250)
    errors.push({
      type: 'TooLong',
      field: 'spec.controller',
      value: controller,
      detail: 'may not be more than 250 bytes',
    })
  if (parameters?.scope === 'Namespace' && !parameters.namespace)
    errors.push(required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'"))
  if (parameters?.scope === 'Cluster' && parameters.namespace)
    errors.push(forbidden('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'"))
  return errors
}

const POLICY_TYPES = ['Ingress', 'Egress']

export function networkPolicyErrors({ spec }: NetworkPolicy): readonly FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec
  return [
    ...selectorErrors(podSelector, 'spec.podSelector'),
    ...ingress.flatMap(({ ports = [], from = [] }, index) => [
      ...portsErrors(ports, `spec.ingress[${index}].ports`),
      ...peersErrors(from, `spec.ingress[${index}].from`),
    ]),
    ...egress.flatMap(({ ports = [], to = [] }, index) => [
      ...portsErrors(ports, `spec.egress[${index}].ports`),
      ...peersErrors(to, `spec.egress[${index}].to`),
    ]),
    ...(policyTypes.length > 2
      ? [invalid('spec.policyTypes', policyTypes, 'may not specify more than two policyTypes')]
      : policyTypes.flatMap((type, index) =>
          POLICY_TYPES.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, POLICY_TYPES)],
        )),
  ]
}

const portsErrors = (ports: readonly NetworkPolicyPort[], path: string): readonly FieldError[] =>
  ports.flatMap(({ port, endPort }, index) => {
    const where = `${path}[${index}]`
    const errors: FieldError[] = []
    if (typeof port === 'number') errors.push(...portNumber(port).map(detail => invalid(`${where}.port`, port, detail)))
    else if (port !== undefined) errors.push(...named(`${where}.port`, port, portName))
    if (endPort === undefined) return errors
    if (port === undefined)
      return [invalid(`${where}.endPort`, endPort, 'may not be specified when `port` is not specified')]
    if (typeof port === 'string')
      errors.push(invalid(`${where}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
    else if (endPort < port) errors.push(invalid(`${where}.endPort`, port, 'must be greater than or equal to `port`'))
    return [...errors, ...portNumber(endPort).map(detail => invalid(`${where}.endPort`, endPort, detail))]
  })

const peersErrors = (peers: readonly NetworkPolicyPeer[], path: string): readonly FieldError[] =>
  peers.flatMap((peer, index) => peerErrors(peer, `${path}[${index}]`))

function peerErrors(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  path: string,
): readonly FieldError[] {
  if (!podSelector && !namespaceSelector && !ipBlock) return [required(path, 'must specify a peer')]
  const errors: FieldError[] = []
  errors.push(...selectorErrors(podSelector, `${path}.podSelector`))
  errors.push(...selectorErrors(namespaceSelector, `${path}.namespaceSelector`))
  if (ipBlock) errors.push(...blockErrors(ipBlock, `${path}.ipBlock`))
  if (ipBlock && (podSelector || namespaceSelector))
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'))
  return errors
}

const NO_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

function blockErrors(block: NonNullable<NetworkPolicyPeer['ipBlock']>, path: string): readonly FieldError[] {
  const { cidr: text, except = [] } = block
  if (text === '') return [required(`${path}.cidr`)]
  const range = parseCidr(text)
  if (!range) return [invalid(`${path}.cidr`, text, NO_CIDR)]
  return except.flatMap((one, index) => {
    const field = `${path}.except[${index}]`
    const part = parseCidr(one)
    if (!part) return [invalid(field, one, NO_CIDR)]
    const inside = part.family === range.family && part.bits > range.bits && contains(range, part.address)
    return inside ? [] : [invalid(field, one, `must be a strict subset of \`cidr\``)]
  })
}
