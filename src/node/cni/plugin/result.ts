import { macOf } from '../../../datapath/mac.ts'
import { gatewayOf } from '../../../datapath/options.ts'
import type { Cidr } from '../../../lib/cidr.ts'
import { contains } from '../../../lib/cidr.ts'
import type { Ip } from '../../../lib/ip.ts'
import { familyOf } from '../../../lib/ip.ts'
import type { JsonObject, JsonValue } from '../../../wire/json/value.ts'
import { isObject } from '../../../wire/json/value.ts'
import type { PodNetwork } from '../mod.ts'
import type { CniRequest } from './request.ts'

export interface Facts {
  readonly ranges: readonly Cidr[]
  readonly mtu: number
}

/** What ADD answers: what a plugin before us has made, and then ours. Source: CNI specification, "ADD Success". */
export function resultOf(request: CniRequest, network: PodNetwork, { ranges, mtu }: Facts): JsonObject {
  const before = isObject(request.config.prevResult) ? request.config.prevResult : {}
  const [interfaces, ips, routes] = ['interfaces', 'ips', 'routes'].map(key => listOf(before[key])) as [
    readonly JsonValue[],
    readonly JsonValue[],
    readonly JsonValue[],
  ]
  const isNew = request.version === '1.1.0'
  const link = isNew ? { mtu } : {}
  return {
    cniVersion: request.version,
    interfaces: [
      ...interfaces,
      { name: network.link, mac: macOf(gatewayOf(ranges[0]!)), ...link },
      { name: request.ifname, mac: macOf(network.addresses[0]!), sandbox: request.netns, ...link },
    ],
    ips: [
      ...ips,
      ...network.addresses.map(address => ({
        ...(request.version < '1.0.0' ? { version: String(familyOf(address)) } : {}),
        address: `${address}/${familyOf(address) === 4 ? 32 : 128}`,
        gateway: gatewayFor(address, ranges),
        interface: interfaces.length + 1,
      })),
    ],
    routes: [
      ...routes,
      ...network.addresses.map(address => ({
        dst: familyOf(address) === 4 ? '0.0.0.0/0' : '::/0',
        gw: gatewayFor(address, ranges),
      })),
    ],
    dns: isObject(before.dns) ? before.dns : isObject(request.config.dns) ? request.config.dns : {},
  }
}

/** Addresses that a former result gives to the link, without their prefix. */
export function addressesIn(result: unknown, ifname: string): readonly string[] {
  if (!isObject(result)) return []
  const at = listOf(result.interfaces).findIndex(one => isObject(one) && one.name === ifname && Boolean(one.sandbox))
  return listOf(result.ips).flatMap(one =>
    isObject(one) && one.interface === at && typeof one.address === 'string' ? [one.address.split('/')[0]!] : [],
  )
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : [])
const gatewayFor = (address: Ip, ranges: readonly Cidr[]): string =>
  gatewayOf(ranges.find(range => contains(range, address))!)
