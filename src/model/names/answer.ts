import type { Service } from '../../api/core/service.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { clusterIpsOf, isHeadless } from '../services/fronts.ts'
import type { Host } from './hosts.ts'
import { hostsOf } from './hosts.ts'
import { reverseAnswer } from './reverse.ts'
import type { Answer, NameData, NameRecord, NameSource, QuestionType, ZoneOptions } from './types.ts'

/** The version of the specification that the records follow. */
const DNS_VERSION = '1.1.0'
const DNS_VERSION_TTL = 28_800

/**
 * What the cluster's names mean: Kubernetes' DNS specification 1.1.0, and CoreDNS' kubernetes plugin (pods insecure) in
 * what it leaves open. `name` is in lower case with its final dot; its answer's records bear that name.
 */
export function answer(source: NameSource, zone: ZoneOptions, name: string, type: QuestionType): Answer {
  const apex = `${zone.domain}.`
  if (name === apex) return apexAnswer(source, zone, type)
  if (!name.endsWith(`.${apex}`)) return reverseAnswer(source, zone, name, type)
  const labels = name.slice(0, -apex.length - 1).split('.')
  const question: Question = { source, zone, name, type }
  const kind = labels.pop()
  if (kind === 'dns-version' && labels.length === 0) return versionAnswer(question)
  if (kind === 'dns' && labels.length === 1 && labels[0] === 'ns')
    return addressAnswer(question, serverIps(source, zone))
  if (kind !== 'svc' && kind !== 'pod') return nxdomain(zone)
  const namespace = labels.pop()
  if (namespace === undefined) return nodata(zone)
  if (!source.hasNamespace(namespace)) return nxdomain(zone)
  if (labels.length === 0) return nodata(zone)
  if (kind === 'svc') return serviceAnswer(question, namespace, labels)
  return zone.pods === 'disabled' ? nxdomain(zone) : podAnswer(question, namespace, labels)
}

interface Question {
  readonly source: NameSource
  readonly zone: ZoneOptions
  readonly name: string
  readonly type: QuestionType
}

const nodata = (zone: ZoneOptions): Answer => ({ is: 'nodata', zone: `${zone.domain}.` })
const nxdomain = (zone: ZoneOptions): Answer => ({ is: 'nxdomain', zone: `${zone.domain}.` })
const records = (found: readonly NameRecord[], additional: readonly NameRecord[] = []): Answer => ({
  is: 'records',
  records: found,
  additional,
})

const addressData = (address: Ip): NameData => ({ type: familyOf(address) === 4 ? 'A' : 'AAAA', address })

/** Those of the asked family; NODATA when there are only others. */
function addressAnswer({ zone, name, type }: Question, addresses: readonly Ip[]): Answer {
  if (addresses.length === 0) return nxdomain(zone)
  const found = [...new Set(addresses)].map(addressData).filter(data => data.type === type)
  return found.length === 0 ? nodata(zone) : records(found.map(data => ({ name, data })))
}

function serverIps(source: NameSource, { server }: ZoneOptions): readonly Ip[] {
  const service = server && source.service(server.namespace, server.name)
  return service ? clusterIpsOf(service) : []
}

/** SOA records are the server's to make: they need a serial. */
function apexAnswer(source: NameSource, zone: ZoneOptions, type: QuestionType): Answer {
  if (type === 'SOA') return records([])
  if (type !== 'NS') return nodata(zone)
  const apex = `${zone.domain}.`
  const addresses = serverIps(source, zone)
  const { server } = zone
  const target = server && addresses.length > 0 ? `${server.name}.${server.namespace}.svc.${apex}` : `ns.dns.${apex}`
  return records(
    [{ name: apex, data: { type: 'NS', target } }],
    addresses.map(address => ({ name: target, data: addressData(address) })),
  )
}

function versionAnswer({ zone, name, type }: Question): Answer {
  if (type !== 'TXT') return nodata(zone)
  return records([{ name, ttl: DNS_VERSION_TTL, data: { type: 'TXT', texts: [DNS_VERSION] } }])
}

/** An address in words: 10-128-0-5, or fd01--5. Unless names are verified, any is good for any address. */
function podAnswer(question: Question, namespace: string, labels: readonly string[]): Answer {
  if (labels.length > 1) return nxdomain(question.zone)
  const words = labels[0]!
  const isFour = /^\d{1,3}(-\d{1,3}){3}$/.test(words)
  const address = parseIp(words.replaceAll('-', isFour ? '.' : ':'))
  const { source, zone } = question
  const isKnown = address !== undefined && (zone.pods !== 'verified' || source.hasPod?.(namespace, address))
  return addressAnswer(question, isKnown ? [address] : [])
}

/** Read from the right: the Service, then one label for an endpoint, or two for a port and its protocol. */
function serviceAnswer(question: Question, namespace: string, labels: readonly string[]): Answer {
  const { source, zone } = question
  const service = source.service(namespace, labels.at(-1)!)
  if (!service || labels.length > 3) return nxdomain(zone)
  const endpoint = labels.length === 2 ? labels[0]! : undefined
  const port = labels.length === 3 ? { name: bare(labels[0]!), protocol: bare(labels[1]!) } : undefined
  if (service.spec.type === 'ExternalName')
    return endpoint === undefined && port === undefined ? externalAnswer(question, service) : nxdomain(zone)
  const hosts =
    isHeadless(service) || endpoint !== undefined
      ? hostsOf(source.slices(namespace, service.metadata.name)).filter(
          host => endpoint === undefined || host.hostname === endpoint,
        )
      : clusterHosts(service)
  return hostAnswer(question, service, filterPorts(hosts, port))
}

/** CoreDNS takes names of ports and protocols with or without their underscore. */
const bare = (label: string): string => (label.startsWith('_') ? label.slice(1) : label)

/** A Service with addresses stands for itself, whether it has endpoints or not. */
const clusterHosts = (service: Service): readonly Host[] =>
  clusterIpsOf(service).map(address => ({
    address,
    ports: (service.spec.ports ?? []).map(({ name, protocol, port }) => ({
      name: name ?? '',
      protocol: protocol ?? 'TCP',
      port,
    })),
  }))

function filterPorts(
  hosts: readonly Host[],
  wanted: { readonly name: string; readonly protocol: string } | undefined,
): readonly Host[] {
  if (!wanted) return hosts
  return hosts
    .map(host => ({
      ...host,
      ports: host.ports.filter(
        ({ name, protocol }) => name.toLowerCase() === wanted.name && protocol.toLowerCase() === wanted.protocol,
      ),
    }))
    .filter(({ ports }) => ports.length > 0)
}

function hostAnswer(question: Question, service: Service, hosts: readonly Host[]): Answer {
  if (hosts.length === 0) return nxdomain(question.zone)
  if (question.type !== 'SRV')
    return addressAnswer(
      question,
      hosts.map(({ address }) => address),
    )
  return srvAnswer(question, service, hosts)
}

/** One record for each port of each host, all of equal weight as CoreDNS counts it: 100 shared, at least 1. */
function srvAnswer({ zone, name }: Question, service: Service, hosts: readonly Host[]): Answer {
  const own = `${service.metadata.name}.${service.metadata.namespace}.svc.${zone.domain}.`
  const nameOf = ({ hostname }: Host): string => (hostname === undefined ? own : `${hostname}.${own}`)
  const targets = new Map<string, { readonly target: string; readonly port: number }>()
  for (const host of hosts)
    for (const { port } of host.ports) targets.set(`${nameOf(host)} ${port}`, { target: nameOf(host), port })
  if (targets.size === 0) return nodata(zone)
  const weight = Math.max(1, Math.floor(100 / targets.size))
  return records(
    [...targets.values()].map(({ target, port }) => ({
      name,
      data: { type: 'SRV', priority: 0, weight, port, target },
    })),
    hosts.map(host => ({ name: nameOf(host), data: addressData(host.address) })),
  )
}

/** An address where a name should be is no alias: CoreDNS knows no such name then. */
function externalAnswer({ zone, name, type }: Question, { spec }: Service): Answer {
  const target = spec.externalName?.replace(/\.$/, '').toLowerCase()
  if (!target || parseIp(target) !== undefined) return nxdomain(zone)
  if (type !== 'A' && type !== 'AAAA' && type !== 'CNAME') return nodata(zone)
  const alias: NameRecord = { name, data: { type: 'CNAME', target: `${target}.` } }
  if (type === 'CNAME') return records([alias])
  return { is: 'records', records: [alias], additional: [], chase: `${target}.` }
}
