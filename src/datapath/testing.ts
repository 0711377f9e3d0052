import { parseAllDocuments } from 'yaml'
import type { Node } from '../api/core/node.ts'
import type { Service } from '../api/core/service.ts'
import type { EndpointSlice } from '../api/discovery/endpoint-slice.ts'
import { cidr } from '../lib/cidr.ts'
import { ip } from '../lib/ip.ts'
import type { NodeFacts } from '../model/nodes/facts.ts'
import { nodeFacts } from '../model/nodes/facts.ts'
import { frontsOf, serviceKeyOf } from '../model/services/fronts.ts'
import type { Vantage } from '../model/services/types.ts'
import type { ServiceChange } from './claims.ts'
import type { DatapathOptions } from './options.ts'
import type { Program } from './program.ts'
import type { SkeletonOptions } from './skeleton.ts'

export const OPTIONS: DatapathOptions = {
  clusterNetworks: [{ cidr: cidr('10.128.0.0/14'), hostPrefix: 23 }],
  serviceNetworks: [cidr('172.30.0.0/16')],
  transport: 'vxlan',
  mtu: 1400,
  joinNetworks: [cidr('100.64.0.0/16')],
}
export const SKELETON: SkeletonOptions = { ...OPTIONS, sourceAddresses: [ip('100.64.0.2')] }

/** The objects of a YAML file, with the metadata that a server would add. */
export interface State {
  readonly nodes: readonly NodeFacts[]
  readonly changes: readonly ServiceChange[]
}

export function readState(yaml: string, node: string): State {
  const objects = parseAllDocuments(yaml).map(document => document.toJS() as Service | EndpointSlice | Node)
  const facts = objects.filter((one): one is Node => one.kind === 'Node').map(nodeFacts)
  const self = facts.find(({ name }) => name === node)
  const vantage: Vantage = {
    node,
    nodePortAddresses: self?.addresses ?? [],
    ...(self?.zone === undefined ? {} : { zone: self.zone }),
  }
  const slices = objects.filter((one): one is EndpointSlice => one.kind === 'EndpointSlice')
  const changes = objects
    .filter((one): one is Service => one.kind === 'Service')
    .map(service => {
      const key = `${service.metadata.namespace}/${service.metadata.name}`
      const own = slices.filter(slice => serviceKeyOf(slice) === key)
      return { service: key, since: service.metadata.creationTimestamp, fronts: frontsOf(service, own, vantage) }
    })
  return { nodes: facts, changes }
}

/** Elements as sorted lines: "map key : value". */
export const entryLines = (program: Program): readonly string[] =>
  [...program.entries()].map(({ of, key, value }) => `${of} ${key}${value === undefined ? '' : ` : ${value}`}`).sort()
