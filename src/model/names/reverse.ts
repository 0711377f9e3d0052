import { contains } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'
import { ipFromBytes, parseIp } from '../../lib/ip.ts'
import { endpointList } from '../services/endpoints.ts'
import { serviceKeyOf } from '../services/fronts.ts'
import { hostnameOf } from './hosts.ts'
import type { Answer, NameRecord, NameSource, QuestionType, ZoneOptions } from './types.ts'

const FOUR = '.in-addr.arpa.'
const SIX = '.ip6.arpa.'

/** The address that a name of the reverse zones stands for, or undefined. */
export function reverseAddress(name: string): Ip | undefined {
  if (name.endsWith(FOUR)) {
    const labels = name.slice(0, -FOUR.length).split('.')
    return labels.length === 4 ? parseIp(labels.reverse().join('.')) : undefined
  }
  if (!name.endsWith(SIX)) return undefined
  const digits = name.slice(0, -SIX.length).split('.').reverse()
  if (digits.length !== 32 || !digits.every(digit => /^[0-9a-f]$/.test(digit))) return undefined
  return ipFromBytes(
    Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits[2 * i]! + digits[2 * i + 1]!, 16)),
  )
}

/** The name of whose ClusterIP it is, else one name for each Service that has it as an endpoint. */
export function reverseAnswer(source: NameSource, zone: ZoneOptions, name: string, type: QuestionType): Answer {
  const address = reverseAddress(name)
  if (address === undefined) return { is: 'elsewhere' }
  const targets = namesOf(source, zone, address)
  const own = name.endsWith(FOUR) ? FOUR.slice(1) : SIX.slice(1)
  if (targets.length === 0)
    return zone.networks.some(network => contains(network, address))
      ? { is: 'nxdomain', zone: own }
      : { is: 'elsewhere' }
  if (type !== 'PTR') return { is: 'nodata', zone: own }
  const records = targets.map((target): NameRecord => ({ name, data: { type: 'PTR', target } }))
  return { is: 'records', records, additional: [] }
}

function namesOf(source: NameSource, { domain }: ZoneOptions, address: Ip): readonly string[] {
  const [service] = source.servicesAt(address)
  if (service) return [`${service.metadata.name}.${service.metadata.namespace}.svc.${domain}.`]
  const names = source.slicesAt(address).flatMap(slice => {
    const [namespace, name] = serviceKeyOf(slice)?.split('/') ?? []
    if (namespace === undefined || name === undefined || !source.service(namespace, name)) return []
    return endpointList(slice)
      .filter(({ addresses, conditions }) => conditions?.ready !== false && addresses.includes(address))
      .map(endpoint => `${hostnameOf(endpoint, address)}.${name}.${namespace}.svc.${domain}.`)
  })
  return [...new Set(names)].sort()
}
