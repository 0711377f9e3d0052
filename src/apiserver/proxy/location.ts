/** Where a proxied request goes. Source: ResourceLocation of k8s.io/kubernetes/pkg/registry/core/{pod,service,node}. */
import { randomInt } from 'node:crypto'
import type { Endpoints } from '../../api/core/endpoints.ts'
import type { Node } from '../../api/core/node.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { Service } from '../../api/core/service.ts'
import { parseIp } from '../../lib/ip.ts'
import type { Kernel } from '../context.ts'
import { notFound } from '../errors.ts'
import type { Resource } from '../resource/resource.ts'
import { keyOf } from '../resource/resource.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'

export interface Location {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** The node whose kubelet is meant. */
  readonly kubelet?: string
}

interface Asked {
  readonly scheme: string
  readonly name: string
  readonly port: string
}

/** `name`, `name:port` or `scheme:name:port`. Throws StatusError 400. */
export function splitName(text: string, what: string): Asked {
  const parts = text.split(':')
  const [scheme, name, port] =
    parts.length === 3 ? parts : parts.length <= 2 ? ['', parts[0], parts[1] ?? ''] : ['-', '', '']
  if (name && ['', 'http', 'https'].includes(scheme!)) return { scheme: scheme!, name, port: port! }
  throw badRequest(`invalid ${what} request ${JSON.stringify(text)}`)
}

/** Throws StatusError. */
export function locate(kernel: Kernel, resource: Resource, namespace: string | undefined, name: string): Location {
  if (resource.plural === 'pods') return podLocation(kernel, resource, namespace, splitName(name, 'pod'))
  if (resource.plural === 'nodes') return nodeLocation(kernel, resource, splitName(name, 'node'))
  return serviceLocation(kernel, resource, namespace, name)
}

function read<T>(kernel: Kernel, resource: Resource, namespace: string | undefined, name: string): T {
  const stored = kernel.store.get(keyOf(resource, namespace, name))
  if (!stored) throw notFound(resource, name)
  return decodeStored(resource, stored) as unknown as T
}

function podLocation(kernel: Kernel, resource: Resource, namespace: string | undefined, asked: Asked): Location {
  const pod = read<Pod>(kernel, resource, namespace, asked.name)
  const declared = pod.spec.containers.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort
  const host = proxyable(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP)
  return { host, port: portOf(asked, declared), tls: asked.scheme === 'https' }
}

/** The port that is asked for, else another, else that of the scheme. Throws StatusError 400. */
function portOf({ port, scheme }: Asked, otherwise?: number): number {
  if (port === '') return otherwise ?? (scheme === 'https' ? 443 : 80)
  const number = Number(port)
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number
  throw badRequest(`invalid port ${JSON.stringify(port)}`)
}

/** Nothing is reached through the server that stands for the server itself. Throws StatusError 400. */
function proxyable(address: string | undefined): string {
  const ip = parseIp(address ?? '')
  if (!ip || /^(127\.|0\.|169\.254\.|22[4-9]\.|23\d\.|255\.|::1?$|fe[89ab]|ff)/i.test(ip))
    throw badRequest('address not allowed')
  return ip
}

function serviceLocation(kernel: Kernel, resource: Resource, namespace: string | undefined, text: string): Location {
  const asked = splitName(text, 'service')
  const portName = servicePort(kernel, resource, namespace, asked)
  const resources = kernel.registry.find('', 'v1', 'endpoints')!
  const { subsets = [] } = read<Endpoints>(kernel, resources, namespace, asked.name)
  if (subsets.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(asked.name)}`)
  const backends = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.filter(({ name = '' }) => name === portName).flatMap(({ port }) => addresses.map(({ ip }) => ({ ip, port }))),
  )
  const chosen = backends[randomInt(Math.max(1, backends.length))]
  if (!chosen) throw unavailable(`no endpoints available for service ${JSON.stringify(text)}`)
  return { host: proxyable(chosen.ip), port: chosen.port, tls: asked.scheme === 'https' }
}

/** The name of the port that a number stands for. Throws StatusError 503. */
function servicePort(kernel: Kernel, resource: Resource, namespace: string | undefined, { name, port }: Asked): string {
  if (!/^\d+$/.test(port)) return port
  const { spec } = read<Service>(kernel, resource, namespace, name)
  const found = spec?.ports?.find(one => one.port === Number(port))
  if (found) return found.name ?? ''
  throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`)
}

const KUBELET_PORT = 10_250

function nodeLocation(kernel: Kernel, resource: Resource, asked: Asked): Location {
  const node = read<Node>(kernel, resource, undefined, asked.name)
  const address = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  const port = portOf(asked, KUBELET_PORT)
  const host = proxyable(address)
  return { host, port, tls: asked.scheme === 'https', ...(port === KUBELET_PORT ? { kubelet: asked.name } : {}) }
}

export const unavailable = (message: string): StatusError => new StatusError(503, 'ServiceUnavailable', message)
