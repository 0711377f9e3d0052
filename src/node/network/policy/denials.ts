import type { EventRecorder } from '../../../client/events.ts'
import { REFUSED } from '../../../datapath/pod-rules.ts'
import { POLICY_LOG_GROUP } from '../../../datapath/policy/skeleton.ts'
import type { Netns } from '../../../host/netns/mod.ts'
import type { LoggedPacket, PacketLogDriver } from '../../../host/nflog/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Ip } from '../../../lib/ip.ts'
import type { Logger } from '../../../lib/log.ts'
import type { AclLogging } from '../../../model/policy/acl-logging.ts'
import { describe } from '../../../model/policy/describe.ts'
import type { Decision, Engine } from '../../../model/policy/evaluate.ts'
import { createEngine } from '../../../model/policy/evaluate.ts'
import { keptFromPods } from '../../../model/policy/node-services.ts'
import type { Direction, Flow, PodFacts, PolicyWorld } from '../../../model/policy/types.ts'

export interface DenialDeps {
  readonly packetLog: PacketLogDriver
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

/** What the kernel enforces at present. */
export interface DenialView {
  world(): PolicyWorld | undefined
  logging(namespace: string): AclLogging
  /** Names that lead to the address, as pods of the node were told. */
  namesOf(address: Ip): readonly string[]
}

export const DENIED = 'NetworkPolicyDenied'
/** The same is not looked into again for so long, unless its namespace wants every packet logged. */
const QUIET_MS = 1000
const MOST_REMEMBERED = 1000

/**
 * Tells of denied packets: an event of the pod at whose side it happened, with the other side, the policy and the rule;
 * and a line of the log, as the namespace's annotation asks for, also of what is allowed. The kernel bounds how much comes.
 */
export function startDenials(deps: DenialDeps, netns: Netns, view: DenialView, signal: AbortSignal): void {
  const engine = engineOf(view)
  const recent = new Map<string, number>()
  const isRecent = (key: string): boolean => {
    const nowMs = deps.clock.monotonic()
    const before = recent.get(key)
    if (before !== undefined && nowMs - before < QUIET_MS) return true
    if (recent.size >= MOST_REMEMBERED) recent.clear()
    recent.set(key, nowMs)
    return false
  }
  const hear = (packet: LoggedPacket): void => {
    const [word, by] = packet.prefix.split('-')
    const direction: Direction = by === 'ingress' ? 'ingress' : 'egress'
    const world = view.world()
    const pod = world && podAt(world, direction === 'ingress' ? packet.destination : packet.source)
    if (!world || !pod) return
    const { source, destination, protocol, port } = packet
    const flow = { source, destination, protocol, ...(port === undefined ? {} : { port }) }
    const isTold = (): boolean => isRecent(`${direction} ${source} ${destination} ${protocol} ${port}`)
    if (packet.prefix === REFUSED) {
      if (!isTold()) tellRefused(deps.events, pod, flow)
      return
    }
    const { allow, deny } = view.logging(pod.namespace)
    const level = word === 'deny' ? deny : allow
    if (!level && (word !== 'deny' || isTold())) return
    const judge = engine(world)
    const plain = judge.decide(flow)[direction]
    const isAsTold = (plain.verdict === 'deny') === (word === 'deny')
    // Names decide seldom, and are looked up only then.
    const decision = isAsTold ? plain : judge.decide({ ...flow, names: view.namesOf(destination) })[direction]
    // The world has changed since, or policy did not decide: there is nothing to say.
    if ((decision.verdict === 'deny') !== (word === 'deny') || !decision.policies) return
    if (level) deps.log.info(aclLine(packet, direction, decision, level), 'acl')
    if (word === 'deny') deps.events.record(reference(pod), 'Warning', DENIED, text(world, packet, direction, decision))
  }
  try {
    const listening = deps.packetLog.listen(netns, POLICY_LOG_GROUP, hear)
    signal.addEventListener('abort', () => listening.close(), { once: true })
  } catch (error) {
    deps.log.warn({ error: messageOf(error) }, 'denied packets cannot be told of')
  }
}

function tellRefused(events: EventRecorder, pod: PodFacts, flow: Flow): void {
  const { destination, protocol, port } = flow
  const why = keptFromPods(flow)
  if (why) events.record(reference(pod), 'Warning', DENIED, `${protocol} ${port} to ${destination}: deny: ${why}`)
}

/** Made when somebody asks, for the world as it is then. */
function engineOf(_: DenialView): (world: PolicyWorld) => Engine {
  let before: { readonly world: PolicyWorld; readonly engine: Engine } | undefined
  return world => {
    if (before?.world !== world) before = { world, engine: createEngine(world) }
    return before.engine
  }
}

const podAt = ({ pods }: PolicyWorld, address: Ip): PodFacts | undefined =>
  pods.find(({ addresses }) => addresses.includes(address))

const reference = ({ namespace, name, uid }: PodFacts) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid })

function text(world: PolicyWorld, packet: LoggedPacket, direction: Direction, decision: Decision): string {
  const { source, destination, protocol, port } = packet
  const what = port === undefined ? protocol : `${protocol} ${port}`
  const other = direction === 'ingress' ? `from ${whois(world, source)}` : `to ${whois(world, destination)}`
  return `${what} ${other}: ${describe(decision, direction)}`
}

function whois({ pods, nodes }: PolicyWorld, address: Ip): string {
  const pod = pods.find(({ addresses }) => addresses.includes(address))
  if (pod) return `pod ${pod.namespace}/${pod.name} (${address})`
  const node = nodes.find(
    ({ addresses, management, join }) =>
      addresses.includes(address) || management.includes(address) || join.includes(address),
  )
  return node ? `node ${node.name} (${address})` : address
}

/** In the words of OVN's ACL log. */
const aclLine = (packet: LoggedPacket, direction: Direction, decision: Decision, severity: string): object => ({
  name: `${decision.policies?.join(', ')}${decision.rule === undefined ? '' : ` ${direction}[${decision.rule}]`}`,
  verdict: decision.verdict === 'allow' ? 'allow' : 'drop',
  severity,
  direction: direction === 'ingress' ? 'to-lport' : 'from-lport',
  protocol: packet.protocol,
  source: packet.source,
  destination: packet.destination,
  ...(packet.port === undefined ? {} : { port: packet.port }),
})
