import { Pod } from '../../api/core/pod.ts'
import { UserError } from '../../lib/errors.ts'
import type { Ip } from '../../lib/ip.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'
import { describe } from '../../model/policy/describe.ts'
import type { Engine } from '../../model/policy/evaluate.ts'
import { createEngine } from '../../model/policy/evaluate.ts'
import { keptFromPods } from '../../model/policy/node-services.ts'
import type { TwinControl } from '../../twin/mod.ts'
import { askAgent } from '../agent.ts'
import type { CliDeps, NamedOption } from '../deps.ts'
import { probe, run } from './probe.ts'
import type { Leg, TargetQuery } from './targets.ts'
import { findPod, legsTo, podLeg } from './targets.ts'
import { loadWorld } from './world.ts'

export interface TraceOptions extends NamedOption {
  readonly port?: string
  readonly protocol: string
  /** Also send a packet, and compare. */
  readonly probe?: boolean
}

const DENIED = 1
const DIFFERS = 3
const DEFAULT_PORT = 8080

/**
 * Whether policy lets a pod reach a pod, Service, Route, name or address, and which tier, object and rule decides at each
 * end. It asks the model that the nodes compile their rules from. The exit code is 1 when the answer is no to any
 * connection that is needed, and 3 when a packet was sent and met something else.
 */
export async function trace(deps: CliDeps, who: string, to: string, options: TraceOptions): Promise<number> {
  const [port, protocol] = [portOf(options.port), protocolOf(options.protocol)]
  const control = await deps.twins.control(options.name)
  const client = await deps.api(options.name)
  try {
    const { profile } = await control.status()
    const { items: pods } = await client.list(Pod)
    const { metadata, spec } = findPod(pods, who)
    const from = `${metadata.namespace}/${metadata.name}`
    const world = await loadWorld(client, pods, profile === 'okd')
    const engine = createEngine(world)
    const isPod = (address: Ip): boolean => world.pods.some(({ addresses }) => addresses.includes(address))
    const keeps: Keeps = (asked, sent) =>
      profile === 'okd' && isPod(asked.source)
        ? keptFromPods({ protocol: asked.protocol, destination: sent.address, port: sent.port })
        : undefined
    const management = new Map(
      world.nodes.flatMap(({ name, management: [own] }) => (own ? [[name, own] as const] : [])),
    )
    const resolve = (name: string): Promise<readonly Ip[]> => lookUp(control, from, name)
    const near = (): Pick<TargetQuery, 'standIn' | 'nodeAt'> => {
      const own = world.nodes.find(({ name }) => name === spec.nodeName)
      const stands = profile === 'okd' ? undefined : own?.management[0]
      return {
        standIn: own && stands && { name: `node ${own.name}, for ${from}`, address: stands },
        nodeAt: address => {
          const node = world.nodes.find(({ addresses }) => addresses.includes(address))
          return node && (node === own ? 'own' : 'other')
        },
      }
    }
    const legs = await legsTo(
      { client, pods, clusterDomain: 'cluster.local', port, management, resolve, ...near() },
      to,
    )
    const led = await namesAt(control, pods, from)
    let code = 0
    for (const leg of legs) {
      const source = podLeg(pods, from, familyOf(leg.address)).address
      const asked = { source, protocol, port: leg.port ?? port ?? DEFAULT_PORT }
      const names = [...new Set([...(leg.names ?? []), ...(led[leg.address] ?? [])])]
      const said = tell(deps, { engine, keeps }, from, { ...leg, names }, asked)
      if (said.verdict === 'deny' && code === 0) code = DENIED
      if (options.probe && !leg.from && (await differs(deps, control, from, leg, asked, said))) code = DIFFERS
    }
    return code
  } finally {
    control.close()
    client.close()
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UserError('Usage', `${JSON.stringify(text)} is not a port`)
  return port
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ICMP']

function protocolOf(text: string): string {
  const protocol = text.toUpperCase()
  if (!PROTOCOLS.includes(protocol))
    throw new UserError('Usage', `${JSON.stringify(text)} is not a protocol`, {
      hint: `there are ${PROTOCOLS.join(', ')}`,
    })
  return protocol
}

interface Asked {
  readonly source: Ip
  readonly protocol: string
  readonly port: number
}

/** Why nobody but nodes may send there; undefined where pods may. */
type Keeps = (asked: Asked, sent: { readonly address: Ip; readonly port: number }) => string | undefined

interface Said {
  readonly verdict: 'allow' | 'deny'
  /** By an answer: policy denies with silence. */
  readonly isRefused: boolean
}

function tell(
  deps: CliDeps,
  { engine, keeps }: { readonly engine: Engine; readonly keeps: Keeps },
  from: string,
  leg: Leg,
  asked: Asked,
): Said {
  const { protocol, port } = asked
  const flow = { ...asked, source: leg.from?.address ?? asked.source, destination: leg.address }
  const names = leg.names ?? []
  const decision = engine.decide({ ...flow, names })
  const kept = keeps(flow, leg.by ?? { address: leg.address, port })
  const verdict = kept ? 'deny' : decision.verdict
  const who = leg.from?.name ?? from
  const what = protocol === 'ICMP' ? protocol : `${protocol} ${port}`
  deps.out(`${who} (${flow.source}) to ${leg.to} (${leg.address}), ${what}: ${verdict}\n`)
  if (names.some(name => name !== leg.to)) deps.out(`  names    ${names.join(', ')}\n`)
  deps.out(`  leaves   ${kept ? `deny: ${kept}` : describe(decision.egress, 'egress')}\n`)
  deps.out(`  enters   ${describe(decision.ingress, 'ingress')}\n`)
  return { verdict, isRefused: kept !== undefined }
}

/** Whether a packet met what the model does not say. Silence where nothing is denied may also be nobody there. */
async function differs(
  deps: CliDeps,
  control: TwinControl,
  from: string,
  { address }: Leg,
  { protocol, port }: Asked,
  { verdict, isRefused }: Said,
): Promise<boolean> {
  const met = await probe(control, from, address, protocol, port)
  const isSame = isRefused ? met === 'refused' : (met === 'silence') === (verdict === 'deny')
  const saysNothing = protocol === 'UDP' && met === 'silence' && !isSame
  const note = saysNothing ? ', which may be the answer of UDP' : `, which is not what the model says (${verdict})`
  deps.out(`  probe    ${met}${isSame ? '' : note}\n`)
  return !isSame && !saysNothing
}

/** Names that lead to an address, as the pod's node admits them: who asked for one of them may go there. */
async function namesAt(
  control: TwinControl,
  pods: readonly Pod[],
  from: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const node = findPod(pods, from).spec.nodeName
  const said = node === undefined ? undefined : await askAgent<Record<string, string[]>>(control, node, '/names')
  return said && 'answer' in said ? said.answer : {}
}

async function lookUp(control: TwinControl, pod: string, name: string): Promise<readonly Ip[]> {
  const { stdout } = await run(control, pod, ['getent', 'ahosts', name])
  const found = stdout.split('\n').map(line => parseIp(line.split(' ')[0] ?? ''))
  return [...new Set(found.filter(address => address !== undefined))]
}
