/** ctnetlink (linux/netfilter/nfnetlink_conntrack.h): what asks for flows, names them, and tells of them. */
import type { Family, Ip } from '../../lib/ip.ts'
import { familyOf, ipBytes, ipFromBytes } from '../../lib/ip.ts'
import { PROTOCOLS } from '../libc.ts'
import type { Attribute } from '../netlink.ts'
import { attributes, message, NFNL, NLM_F, u8, u16be, u32, u32be } from '../netlink.ts'
import type { Flow, FlowProtocol, MarkedFlow } from './mod.ts'

const GET = NFNL.CTNETLINK | 1
const DELETE = NFNL.CTNETLINK | 2
const DUMP = NLM_F.REQUEST | NLM_F.DUMP
const ACKED = NLM_F.REQUEST | NLM_F.ACK

const TUPLE_ORIGINAL = 1
const TUPLE_REPLY = 2
const STATUS = 3
const MARK = 8
const FILTER = 25
const STATUS_MASK = 26
const TUPLE_IP = 1
const TUPLE_PROTO = 2
const IP_FIELDS = { 4: [1, 2], 6: [3, 4] } as const
const PROTO_NUMBER = 1
const SOURCE_PORT = 2
const TARGET_PORT = 3
const SEEN_REPLY = 2
/** In FILTER: of the original tuple only the protocol counts. */
const BY_PROTOCOL = 1 << 3

const NAMES = new Map([...PROTOCOLS].map(([name, number]) => [number, name as FlowProtocol]))

/** struct nfgenmsg. */
const header = (family: Family): Buffer => Buffer.of(family === 4 ? 2 : 10, 0, 0, 0)

/** Asks for all flows of a protocol. Kernels before 5.8 answer with those of others too. */
export function ask(family: Family, protocol: FlowProtocol, isUnanswered: boolean): Buffer {
  const asked: Attribute[] = [
    [TUPLE_ORIGINAL, [[TUPLE_PROTO, [[PROTO_NUMBER, u8(PROTOCOLS.get(protocol)!)]]]]],
    [FILTER, [[1, u32(BY_PROTOCOL)]]],
    ...(isUnanswered
      ? ([
          [STATUS, u32be(0)],
          [STATUS_MASK, u32be(SEEN_REPLY)],
        ] as const)
      : []),
  ]
  return message(GET, DUMP, header(family), asked)
}

/** Asks for all flows of a family. */
export const askAll = (family: Family): Buffer => message(GET, DUMP, header(family), [])

/** Any flow, with what asks to forget it; undefined for what has no addresses. */
export function markedFlowOf(body: Buffer): { readonly flow: MarkedFlow; readonly forget: Buffer } | undefined {
  const found = attributes(body, 4)
  const original = found.get(TUPLE_ORIGINAL)
  const [from, to] = addressesIn(original)
  const [, answersTo] = addressesIn(found.get(TUPLE_REPLY))
  if (!original || !from || !to || !answersTo) return undefined
  const mark = found.get(MARK)?.readUInt32BE(0) ?? 0
  // Its own words, whatever the protocol; what is nested must be marked so again.
  const parts = [...attributes(original, 0)].map(
    ([type, value]): Attribute => [type, [...attributes(value, 0)].map(([inner, bytes]): Attribute => [inner, bytes])],
  )
  const forget = message(DELETE, ACKED, header(familyOf(from)), [[TUPLE_ORIGINAL, parts]])
  return { flow: { source: from, destination: to, answersTo, mark }, forget }
}

function addressesIn(tuple: Buffer | undefined): readonly [Ip?, Ip?] {
  if (!tuple) return []
  const addresses = attributes(attributes(tuple, 0).get(TUPLE_IP) ?? Buffer.alloc(0), 0)
  const source = addresses.get(1) ?? addresses.get(3)
  const target = addresses.get(2) ?? addresses.get(4)
  return source && target ? [ipFromBytes(source), ipFromBytes(target)] : []
}

/** Asks to forget the flow, and for an acknowledgement. */
export function forget({ protocol, source, sourcePort, destination, port }: Flow): Buffer {
  const family = familyOf(source)
  const [from, to] = IP_FIELDS[family]
  return message(DELETE, ACKED, header(family), [
    [
      TUPLE_ORIGINAL,
      [
        [
          TUPLE_IP,
          [
            [from, ipBytes(source)],
            [to, ipBytes(destination)],
          ],
        ],
        [
          TUPLE_PROTO,
          [
            [PROTO_NUMBER, u8(PROTOCOLS.get(protocol)!)],
            [SOURCE_PORT, u16be(sourcePort)],
            [TARGET_PORT, u16be(port)],
          ],
        ],
      ],
    ],
  ])
}

/** Undefined for other protocols. */
export function flowOf(body: Buffer): Flow | undefined {
  const found = attributes(body, 4)
  const original = tupleOf(found.get(TUPLE_ORIGINAL))
  const reply = tupleOf(found.get(TUPLE_REPLY))
  if (!original || !reply) return undefined
  const isUnanswered = ((found.get(STATUS)?.readUInt32BE(0) ?? SEEN_REPLY) & SEEN_REPLY) === 0
  return {
    protocol: original.protocol,
    source: original.source,
    sourcePort: original.sourcePort,
    destination: original.target,
    port: original.targetPort,
    answeredBy: reply.source,
    answeredAt: reply.sourcePort,
    isUnanswered,
  }
}

interface Tuple {
  readonly protocol: FlowProtocol
  readonly source: Ip
  readonly target: Ip
  readonly sourcePort: number
  readonly targetPort: number
}

function tupleOf(bytes: Buffer | undefined): Tuple | undefined {
  if (!bytes) return undefined
  const parts = attributes(bytes, 0)
  const proto = attributes(parts.get(TUPLE_PROTO) ?? Buffer.alloc(0), 0)
  const protocol = NAMES.get(proto.get(PROTO_NUMBER)?.[0] ?? 0)
  const addresses = attributes(parts.get(TUPLE_IP) ?? Buffer.alloc(0), 0)
  const source = addresses.get(1) ?? addresses.get(3)
  const target = addresses.get(2) ?? addresses.get(4)
  if (!protocol || !source || !target) return undefined
  return {
    protocol,
    source: ipFromBytes(source),
    target: ipFromBytes(target),
    sourcePort: proto.get(SOURCE_PORT)?.readUInt16BE(0) ?? 0,
    targetPort: proto.get(TARGET_PORT)?.readUInt16BE(0) ?? 0,
  }
}
