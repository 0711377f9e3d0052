import type { FsDriver } from '../../host/fs/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { NftDriver } from '../../host/nft/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { cidrText } from '../../lib/cidr.ts'
import { codeOf, messageOf } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { createGuard } from './guard.ts'
import type { Ledger } from './ipam.ts'
import { addressesOf, adopt, allocate, emptyLedger, ledgerText, ownersOf, parseLedger, release } from './ipam.ts'
import { missing } from './missing.ts'
import type { Cni, PodNetwork, Sandbox } from './mod.ts'
import { CniError, ENGINE_OWNER } from './mod.ts'
import { linkOf, netnsOf } from './names.ts'
import { nodeSide, podSide } from './plan.ts'

export interface CniDeps {
  readonly netns: NetnsDriver
  readonly link: LinkDriver
  readonly nft: NftDriver
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
  /** The cloud's metadata and machine-config ports are refused to pods. */
  readonly refusesNodeServices?: boolean
}

/** Links stay in the kernel and namespaces under /run/netns: another instance with the same ledger finds them again. */
export function createCni(deps: CniDeps, options: CniOptions): Cni {
  const { node, refusesNodeServices = false } = options
  const guard = createGuard(deps.nft, { node, refusesNodeServices })
  const look = { ...deps, guard }
  let ledger = loadLedger(deps.fs, options)
  const save = (next: Ledger): void => {
    if (next === ledger) return
    ledger = next
    deps.fs.write(options.ledgerPath, ledgerText(ledger))
  }
  const reload = (): void =>
    guard.reload([...ownersOf(ledger)].map(owner => ({ link: linkOf(owner), addresses: addressesOf(ledger, owner) })))
  reload()
  const forget = (podUid: string): void => {
    const addresses = addressesOf(ledger, podUid)
    if (podUid.startsWith(ENGINE_OWNER)) deps.link.apply(node, [{ op: 'delete', name: linkOf(podUid) }])
    else dropNamespace(deps.netns, netnsOf(podUid))
    if (addresses.length === 0) return
    guard.dismiss({ link: linkOf(podUid), addresses })
    save(release(ledger, podUid))
  }
  const forgetAll = (owners: readonly string[]): readonly string[] => {
    for (const owner of owners) forget(owner)
    return owners
  }
  return {
    add: (podUid, sandbox) => {
      const known = addressesOf(ledger, podUid)
      if (known.length > 0 && missing(look, options, podUid, known, sandbox).length === 0)
        return networkOf(podUid, known, sandbox)
      const allocated = allocate(ledger, podUid)
      if (!allocated)
        throw new CniError('exhausted', `no address is free in ${options.ranges.map(cidrText).join(' or ')}`)
      save(allocated.ledger)
      try {
        guard.admit({ link: linkOf(podUid), addresses: allocated.addresses })
        connect(deps, options, podUid, allocated.addresses, sandbox)
      } catch (error) {
        forget(podUid)
        throw new CniError('link', `cannot set up the pod's network: ${messageOf(error)}`, error)
      }
      return networkOf(podUid, allocated.addresses, sandbox)
    },
    remove: forget,
    check: (podUid, sandbox) => missing(look, options, podUid, addressesOf(ledger, podUid), sandbox),
    collect: live => {
      let next = ledger
      for (const [podUid, addresses] of live)
        if (addressesOf(next, podUid).length === 0) next = adopt(next, podUid, addresses)
      save(next)
      const ours = [...ownersOf(ledger)].filter(owner => !owner.startsWith(ENGINE_OWNER))
      const gone = forgetAll(ours.filter(podUid => !live.has(podUid)))
      reload()
      return gone
    },
    retain: owners =>
      forgetAll([...ownersOf(ledger)].filter(owner => owner.startsWith(ENGINE_OWNER) && !owners.has(owner))),
    hasRoom: () => allocate(ledger, 'anybody') !== undefined,
    audit: () => {
      if (guard.stands()) return true
      reload()
      return false
    },
  }
}

function loadLedger(fs: FsDriver, options: CniOptions): Ledger {
  const text = fs.read(options.ledgerPath)
  return text === undefined ? emptyLedger(options.ranges) : parseLedger(text.toString('utf8'), options.ranges)
}

const networkOf = (podUid: string, addresses: readonly Ip[], sandbox: Sandbox | undefined): PodNetwork => ({
  podUid,
  netns: sandbox?.netns.name ?? netnsOf(podUid),
  addresses,
  link: linkOf(podUid),
})

function connect(
  deps: CniDeps,
  options: CniOptions,
  podUid: string,
  addresses: readonly Ip[],
  sandbox: Sandbox | undefined,
): void {
  const pod = sandbox?.netns ?? freshNamespace(deps, podUid)
  try {
    const link = { podUid, addresses, ranges: options.ranges, mtu: options.mtu, ifname: sandbox?.ifname ?? 'eth0' }
    deps.link.apply(options.node, nodeSide(link, pod))
    deps.link.apply(pod, podSide(link))
  } finally {
    if (!sandbox) deps.netns.close(pod)
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
