import type { Service } from '../../api/core/service.ts'
import type { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Ip } from '../../lib/ip.ts'

/** Where names come from: what the API holds, by the keys that questions need. Names are lower case. */
export interface NameSource {
  hasNamespace(name: string): boolean
  service(namespace: string, name: string): Service | undefined
  /** All slices of a Service. */
  slices(namespace: string, service: string): readonly EndpointSlice[]
  /** Services that have the address as a ClusterIP. */
  servicesAt(address: Ip): readonly Service[]
  /** Slices in which the address is an endpoint's. */
  slicesAt(address: Ip): readonly EndpointSlice[]
  /** Whether a pod of the namespace has the address; asked where names of pods are verified. */
  hasPod?(namespace: string, address: Ip): boolean
}

export interface ZoneOptions {
  /** "cluster.local", without a final dot. */
  readonly domain: string
  /** Addresses of which nobody else knows the names: pods' and Services'. Others are asked upstream. */
  readonly networks: readonly Cidr[]
  /** The Service of the DNS servers themselves: the zone's name server. */
  readonly server?: { readonly namespace: string; readonly name: string }
  /** Seconds. */
  readonly ttl: number
  /** Whether 10-128-0-5.ns.pod.<domain> is a name: always, as it is by default; when a pod has the address; or never. */
  readonly pods?: 'insecure' | 'verified' | 'disabled'
}

/** Names are in presentation form with a final dot. */
export type NameData =
  | { readonly type: 'A' | 'AAAA'; readonly address: Ip }
  | { readonly type: 'NS' | 'CNAME' | 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | { readonly type: 'TXT'; readonly texts: readonly string[] }

export interface NameRecord {
  readonly name: string
  /** Where it differs from the zone's. */
  readonly ttl?: number
  readonly data: NameData
}

export type Answer =
  | {
      readonly is: 'records'
      readonly records: readonly NameRecord[]
      /** What a client would ask next. */
      readonly additional: readonly NameRecord[]
      /** The records end in this name, which is to be looked up too. */
      readonly chase?: string
    }
  /** The name exists, without records of this type. `zone` is whose SOA record says so. */
  | { readonly is: 'nodata'; readonly zone: string }
  | { readonly is: 'nxdomain'; readonly zone: string }
  /** Not ours to say. */
  | { readonly is: 'elsewhere' }

export type QuestionType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'PTR' | 'NS' | 'SOA' | 'TXT' | 'other'
