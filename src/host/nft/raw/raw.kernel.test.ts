import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Netns } from '../../netns/mod.ts'
import { kernelNetns } from '../../netns/real.ts'
import type { Commands } from '../commands.ts'
import { libraryCommands } from '../library.ts'
import type { RawTransactions } from './socket.ts'
import { rawTransactions } from './socket.ts'

/** Two namespaces in the same state: what one gets as messages of our own, the other gets by the library. */
const netns = kernelNetns()
let ours: Netns
let theirs: Netns
let raw: RawTransactions
let byRaw: Commands
let library: Commands
beforeEach(() => {
  ours = netns.create('raw-a')
  theirs = netns.create('raw-b')
  raw = rawTransactions()
  byRaw = libraryCommands()
  library = libraryCommands()
  both(BASE)
})
afterEach(() => {
  raw.close()
  byRaw.close()
  library.close()
  for (const at of [ours, theirs]) netns.remove(at)
})

const BASE = `add table inet t
add chain inet t one
add chain inet t two
add chain inet t base { type filter hook forward priority 0; policy accept; }
add rule inet t base goto one
add map inet t services { type ipv4_addr . inet_proto . inet_service : verdict; }
add map inet t endpoints { typeof ip daddr . tcp dport . numgen random mod 65536 : ip daddr . tcp dport; }
add map inet t marks6 { type ipv6_addr : mark; }
add set inet t hosts { type ipv4_addr; flags timeout; }
add set inet t sources { type ifname . ether_addr . ipv4_addr; }
add set inet t targets { typeof iifname . ether saddr . @th,64,128; }
add map inet t nets { type ipv4_addr : mark; flags interval; }
add table arp t
add set arp t sources { type ifname . ether_addr . ipv4_addr; }
`

const both = (text: string): void => {
  for (const [at, commands] of [
    [ours, byRaw],
    [theirs, library],
  ] as const)
    expect(netns.within(at, () => commands.run(text))).toBeUndefined()
}

/** All that there is, without what numbers the kernel gave and in which order it keeps elements. */
function listing(at: Netns): unknown {
  const commands = at === ours ? byRaw : library
  const text = netns.within(at, () => commands.list('list ruleset', 'json'))!
  return JSON.parse(text, (key, value: unknown) => {
    if (key === 'handle' || key === 'expires') return undefined
    if (key !== 'elem' && key !== 'set') return value
    return Array.isArray(value) ? value.map(each => JSON.stringify(each)).toSorted() : value
  })
}

/** What the library takes, we take without it, and the same comes of it; what it refuses changes nothing. */
function alike(text: string): void {
  const before = listing(ours)
  const refused = netns.within(theirs, () => library.run(text)) !== undefined
  expect(
    netns.within(ours, () => raw.run(text)),
    text,
  ).toBe(!refused)
  const after = listing(ours)
  expect(after, text).toEqual(listing(theirs))
  if (refused) expect(after).toEqual(before)
}

const byte = fc.integer({ min: 0, max: 255 })
const few = fc.integer({ min: 1, max: 3 })
const address = few.map(n => `10.0.0.${n}`)
const address6 = few.map(n => (n === 1 ? '::' : `fd00::${n}`))
const port = fc.constantFrom(0, 1, 80, 81, 8080, 65_534, 65_535)
const protocol = fc.constantFrom('tcp', 'udp', 'sctp')
const chain = fc.constantFrom('one', 'two', 'three')
const mark = fc.constantFrom(0, 1, 258, 0x8000_0001, 0xffff_ffff)
const mac = fc.tuple(byte, byte).map(pair => `0a:58:00:00:${pair.map(n => n.toString(16).padStart(2, '0')).join(':')}`)
const link = fc.constantFrom('"a"', '"pod-123456789"')
const hex = byte.map(n => `0x${n.toString(16).padStart(32, '0')}`)
const joined = (...parts: readonly fc.Arbitrary<string | number>[]) => fc.tuple(...parts).map(all => all.join(' . '))
const verdict = fc.oneof(
  fc.constantFrom('accept', 'drop', 'return', 'continue'),
  chain.map(name => `goto ${name}`),
  chain.map(name => `jump ${name}`),
)

const KEYED: readonly (readonly [string, fc.Arbitrary<string>, fc.Arbitrary<string | number>?])[] = [
  ['inet t services', joined(address, protocol, port), verdict],
  ['inet t endpoints', joined(address, port, fc.constantFrom(0, 1, 300)), joined(address, port)],
  ['inet t marks6', address6, mark],
  ['inet t hosts', address],
  ['inet t sources', joined(link, mac, address)],
  ['arp t sources', joined(link, mac, address)],
  ['inet t targets', joined(link, mac, hex)],
]
const comment = fc.constantFrom('', ' comment "a, b : } c"')

const elements = fc.constantFrom(...KEYED).chain(([of, key, value]) => {
  const timeout = of.endsWith('hosts') ? fc.constantFrom('', ' timeout 3600s') : fc.constant('')
  const item = fc
    .tuple(key, comment, timeout, value ?? fc.constant(''))
    .map(([k, note, time, v]) => [k, `${k}${note}${time}${value ? ` : ${v}` : ''}`] as const)
  const items = fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: ([k]) => k })
  return fc
    .tuple(fc.boolean(), items)
    .map(
      ([isAdd, all]) =>
        `${isAdd ? 'add' : 'delete'} element ${of} { ${all.map(([k, e]) => (isAdd ? e : k)).join(', ')} }`,
    )
})

const portRange = fc
  .tuple(port, fc.integer({ min: 1, max: 5 }))
  .map(([from, more]) => [from, Math.min(65_535, from + more)] as const)
const portItem = fc.oneof(
  port.map(one => [one, one] as const),
  portRange,
)
/** Apart from each other, as all ports that we write are. */
const ports = fc.array(portItem, { minLength: 1, maxLength: 4 }).map(all => {
  const apart: (readonly [number, number])[] = []
  for (const range of all.toSorted(([a], [b]) => a - b)) if (range[0] > (apart.at(-1)?.[1] ?? -2) + 1) apart.push(range)
  return apart.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ')
})
const condition = fc.oneof(
  fc.constant(''),
  fc.tuple(protocol, ports).map(([name, all]) => `${name} dport { ${all} } `),
  protocol.map(name => `meta l4proto ${name} `),
  fc.tuple(mark, fc.constantFrom('==', '!='), mark).map(([mask, how, value]) => `ct mark and ${mask} ${how} ${value} `),
)
const markRule = fc.oneof(
  mark.map(value => `meta mark set ${value}`),
  fc.constantFrom('saddr', 'daddr').map(side => `meta mark set ip6 ${side} map @marks6`),
  fc.constantFrom('saddr', 'daddr').map(side => `meta mark set ip ${side} map @nets`),
  fc.constant('ct mark and 2 != 0 meta mark set ct original ip6 saddr map @marks6'),
  fc.constant('ct mark and 2 != 0 meta mark set ct original ip saddr map @nets'),
)
const rule = fc.oneof(
  fc
    .tuple(
      condition,
      verdict.filter(text => text !== 'continue'),
    )
    .map(parts => parts.join('')),
  markRule,
)
const rules = fc
  .tuple(chain, fc.array(rule, { maxLength: 3 }))
  .map(([of, all]) => [
    `add chain inet t ${of}`,
    `flush chain inet t ${of}`,
    ...all.map(one => `add rule inet t ${of} ${one}`),
  ])

const intervalStarts = fc.uniqueArray(fc.constantFrom(0, 8, 9, 16, 40, 255), { minLength: 1, maxLength: 4 })
/** A map of intervals, made whole, with a rule that asks it; some intervals are side by side, one goes to the end of all. */
const newMaps = fc.tuple(few, intervalStarts, fc.boolean(), verdict).map(([number, starts, isToEnd, lead]) => {
  const sorted = starts.toSorted((a, b) => a - b)
  const items = sorted.map((start, i) => {
    const last = i === sorted.length - 1 && isToEnd
    const first = start === 0 ? '0.0.0.0' : `10.0.0.${start}`
    const end = last ? '255.255.255.255' : start === 0 ? '0.0.0.3' : start === 8 ? first : `10.0.0.${start}`
    return `${first === end ? first : `${first}-${end}`} : ${start}`
  })
  return [
    `add chain inet t asks${number}`,
    `add map inet t nets${number} { type ipv4_addr : mark; flags interval; }`,
    `add map inet t open${number} { type mark : verdict; }`,
    `add set inet t names${number} { type ipv6_addr; flags timeout; }`,
    `add rule inet t asks${number} meta mark set ip saddr map @nets${number}`,
    `add rule inet t asks${number} meta mark vmap @open${number}`,
    `add element inet t nets${number} { ${items.join(', ')} }`,
    `add element inet t open${number} { 5 : ${lead} }`,
  ]
})
const gone = few.map(number => [
  `flush chain inet t asks${number}`,
  ...['nets', 'open'].map(name => `delete map inet t ${name}${number}`),
  `delete set inet t names${number}`,
  `delete chain inet t asks${number}`,
])
const note = fc
  .constantFrom('a', 'b.c')
  .map(text => ['add table inet n', 'delete table inet n', `add table inet n { comment "${text}"; }`])
const command = fc.oneof(
  { weight: 4, arbitrary: elements.map(one => [one]) },
  { weight: 3, arbitrary: rules },
  newMaps,
  gone,
  note,
  chain.map(name => [`delete chain inet t ${name}`]),
)

describe('transactions as messages of our own', () => {
  it('do what the library makes of the same text, or nothing where it refuses it', { timeout: 300_000 }, () => {
    let changes = 0
    fc.assert(
      fc.property(
        fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        steps => {
          for (const at of [ours, theirs]) {
            const reset = 'delete table inet t\ndelete table arp t\n'
            expect(netns.within(at, () => (at === ours ? byRaw : library).run(`${reset}${BASE}`))).toBeUndefined()
          }
          for (const step of steps) {
            alike(`${step.flat().join('\n')}\n`)
            changes++
          }
        },
      ),
      { numRuns: Number(process.env.NFT_RUNS ?? 40) },
    )
    expect(changes).toBeGreaterThan(40)
  })

  it('are not made of what is seldom or needs the whole: the library does that', () => {
    const texts = [
      'add counter inet t seen',
      'add chain inet t hooked { type filter hook input priority 0; policy accept; }',
      'add rule inet t one ip saddr 10.0.0.1 drop',
      'add element inet t nets { 10.0.0.0-10.0.0.7 : 5 }',
      'add set inet t networks { type ipv4_addr; flags interval; auto-merge; }',
      'flush map inet t services',
      `add element inet t hosts { ${Array.from({ length: 4000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`).join(', ')} }`,
    ]
    for (const text of texts) {
      const before = listing(ours)
      expect(
        netns.within(ours, () => raw.run(text)),
        text,
      ).toBe(false)
      expect(listing(ours)).toEqual(before)
      both(text)
    }
    // The same socket serves what comes next.
    alike('add element inet t hosts { 10.0.0.1 }\n')
  })

  it('that are refused leave nothing behind for the next', () => {
    alike('add element inet t hosts { 10.0.0.1 }\ndelete element inet t hosts { 10.0.0.2 }\n')
    alike('add element inet t services { 10.0.0.1 . tcp . 80 : goto nowhere }\n')
    alike('delete chain inet t one\n')
    alike('add element inet t hosts { 10.0.0.1 }\n')
    alike('add chain inet t loop\nadd rule inet t one goto loop\nadd rule inet t loop goto one\n')
    alike('add rule inet t one goto two\n')
  })
})
