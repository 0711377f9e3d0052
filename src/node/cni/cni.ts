import type { FsDriver } from '../../host/fs/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidrText } from '../../lib/cidr.ts'
import { codeOf, messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import type { Ledger } from './ipam.ts'
import { addressesOf, adopt, allocate, emptyLedger, ledgerText, ownersOf, parseLedger, release } from './ipam.ts'
import type { Cni, PodNetwork } from './mod.ts'
import { CniError } from './mod.ts'
import { linkOf, netnsOf } from './names.ts'
import { nodeSide, podSide } from './plan.ts'

export interface CniDeps {
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly fs: FsDriver
}

export interface CniOptions {
  /** The node's own namespace. */
  readonly node: Netns
  /** The node's pod networks, the first one's addresses being the pods' first. */
  readonly ranges: readonly Cidr[]
  readonly mtu: number
  /** A file that lives as long as the pods do. */
  readonly ledgerPath: string
}

/** Links stay in the kernel and namespaces under /run/netns: another instance with the same ledger finds them again. */
export function createCni(deps: CniDeps, options: CniOptions): Cni {
  let ledger = loadLedger(deps.fs, options)
  const save = (next: Ledger): void => {
    if (next === ledger) return
    ledger = next
    deps.fs.write(options.ledgerPath, ledgerText(ledger))
  }
  const forget = (podUid: string): void => {
    dropNamespace(deps.netns, netnsOf(podUid))
    if (addressesOf(ledger, podUid).length > 0) save(release(ledger, podUid))
  }
  return {
    add: podUid => {
      const known = addressesOf(ledger, podUid)
      if (known.length > 0 && missing(deps, options, podUid, known).length === 0) return networkOf(podUid, known)
      const allocated = allocate(ledger, podUid)
      if (!allocated)
        throw new CniError('exhausted', `no address is free in ${options.ranges.map(cidrText).join(' or ')}`)
      save(allocated.ledger)
      try {
        connect(deps, options, podUid, allocated.addresses)
      } catch (error) {
        forget(podUid)
        throw new CniError('link', `cannot set up the pod's network: ${messageOf(error)}`, error)
      }
      return networkOf(podUid, allocated.addresses)
    },
    remove: forget,
    check: podUid => missing(deps, options, podUid, addressesOf(ledger, podUid)),
    collect: live => {
      let next = ledger
      for (const [podUid, addresses] of live)
        if (addressesOf(next, podUid).length === 0) next = adopt(next, podUid, addresses)
      save(next)
      const gone = [...ownersOf(ledger)].filter(podUid => !live.has(podUid))
      for (const podUid of gone) forget(podUid)
      return gone
    },
  }
}

function loadLedger(fs: FsDriver, options: CniOptions): Ledger {
  const text = fs.read(options.ledgerPath)
  return text === undefined ? emptyLedger(options.ranges) : parseLedger(text.toString('utf8'), options.ranges)
}

const networkOf = (podUid: string, addresses: readonly Ip[]): PodNetwork => ({
  podUid,
  netns: netnsOf(podUid),
  addresses,
  link: linkOf(podUid),
})

function connect(deps: CniDeps, options: CniOptions, podUid: string, addresses: readonly Ip[]): void {
  const pod = freshNamespace(deps, podUid)
  try {
    const link = { podUid, addresses, ranges: options.ranges, mtu: options.mtu }
    deps.link.apply(options.node, nodeSide(link, pod))
    deps.link.apply(pod, podSide(link))
  } finally {
    deps.netns.close(pod)
  }
}

/** A namespace of that name with nothing in it: what an interrupted attempt left is dropped. */
function freshNamespace(deps: CniDeps, podUid: string): Netns {
  const name = netnsOf(podUid)
  try {
    return deps.netns.create(name)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    dropNamespace(deps.netns, name)
    return deps.netns.create(name)
  }
}

/** Its links vanish with it, a moment later; deleting them one by one takes 25 ms each and holds up every other change. */
function dropNamespace(netns: NetnsDriver, name: string): void {
  let handle: Netns
  try {
    handle = netns.open(name)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  netns.remove(handle)
}

function missing(deps: CniDeps, options: CniOptions, podUid: string, addresses: readonly Ip[]): readonly string[] {
  if (addresses.length === 0) return ['no address is noted for the pod']
  if (!deps.netns.list().includes(netnsOf(podUid))) return [`the namespace ${netnsOf(podUid)} is gone`]
  const name = linkOf(podUid)
  const link = deps.link.links(options.node).find(state => state.name === name)
  if (!link) return [`the node's link ${name} is gone`]
  const pod = deps.netns.open(netnsOf(podUid))
  try {
    const present = new Set(deps.link.addresses(pod).map(state => state.address))
    return [
      ...(link.up ? [] : [`the node's link ${name} is down`]),
      ...addresses.filter(address => !present.has(address)).map(address => `the pod has lost its address ${address}`),
    ]
  } finally {
    deps.netns.close(pod)
  }
}
