import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fakeNetns } from '../host/netns/fake.ts'
import type { Netns } from '../host/netns/mod.ts'
import type { FakeNft } from '../host/nft/fake.ts'
import { fakeNft } from '../host/nft/fake.ts'
import type { Nft } from '../host/nft/mod.ts'
import { ip } from '../lib/ip.ts'
import type { Front, Outcome } from '../model/services/types.ts'
import { listed } from '../wire/nft/listed.ts'
import { transaction, transactions } from '../wire/nft/transaction.ts'
import type { ServiceChange } from './claims.ts'
import { elementMaps } from './elements.ts'
import type { Program } from './program.ts'
import { CONTENT_TABLE, createProgram, noteContent, readContent } from './program.ts'
import { TABLE } from './skeleton.ts'
import { entryLines, SKELETON } from './testing.ts'

const forward = (count: number, source: 'client' | 'node', shift: number): Outcome => ({
  is: 'forward',
  source,
  backends: Array.from({ length: count }, (_, i) => ({ address: ip(`10.128.0.${i + shift}`), port: 8080 })),
})
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('client' as const, 'node' as const),
        fc.integer({ min: 1, max: 3 }),
      )
      .map(args => forward(...args)),
  },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>({ is: 'reject', why: '' }, { is: 'drop', why: '' }) },
)
const front: fc.Arbitrary<Front> = fc.record(
  {
    // Few values, so that Services claim each other's.
    address: fc.constantFrom(ip('172.30.1.1'), ip('172.30.1.2'), ip('172.18.0.11')),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    port: fc.constantFrom(80, 443),
    role: fc.constantFrom('clusterIP' as const, 'nodePort' as const, 'externalIP' as const),
    portName: fc.constant(''),
    within: outcome,
    outside: outcome,
    affinitySeconds: fc.constantFrom(100, 10_800),
  },
  { requiredKeys: ['address', 'protocol', 'port', 'role', 'portName', 'within', 'outside'] },
)
const change: fc.Arbitrary<ServiceChange> = fc
  .record({ number: fc.integer({ min: 1, max: 4 }), fronts: fc.array(front, { maxLength: 3 }) })
  .map(({ number, fronts }) => ({ service: `shop/s${number}`, since: `2026-01-0${(number % 3) + 1}`, fronts }))
const history = fc.array(change, { minLength: 1, maxLength: 12 })

/** The state that a history ends in, one change a Service. */
const lastOf = (changes: readonly ServiceChange[]): readonly ServiceChange[] => [
  ...new Map(changes.map(one => [one.service, one])).values(),
]
const gone = (one: ServiceChange): ServiceChange => ({ ...one, fronts: [] })

/** Other ways to the same end. */
const EXPANDERS: Readonly<
  Record<string, (changes: readonly ServiceChange[]) => readonly (readonly ServiceChange[])[]>
> = {
  'as it came': changes => changes.map(one => [one]),
  squashed: changes => [changes],
  'the last state alone': changes => [lastOf(changes)],
  reversed: changes => [lastOf(changes).toReversed(), []].flatMap(batch => batch.map(one => [one])),
  'emptied on the way': changes => [changes, lastOf(changes).map(gone), lastOf(changes)],
  duplicated: changes => changes.flatMap(one => [[one], [one, one]]),
}

interface Kernel {
  readonly driver: FakeNft
  readonly at: Netns
  readonly nft: Nft
}

function fakeKernel(): Kernel {
  const driver = fakeNft()
  const at = fakeNetns().create('a')
  return { driver, at, nft: driver.open(at) }
}

function load(nft: Nft, program: Program): void {
  nft.run(transaction(TABLE, program.base()) + transaction(TABLE, program.hooks()) + noteContent(program.content()))
}

function apply(nft: Nft, program: Program, batch: readonly ServiceChange[], limit?: number): void {
  const { groups } = program.update(batch)
  const texts = transactions(TABLE, groups, limit)
  for (const text of texts) nft.run(text)
  if (texts.length > 0) nft.run(noteContent(program.content()))
}

/** Elements as the kernel has them, in the form of `entryLines`. */
const kernelLines = (nft: Nft): readonly string[] =>
  elementMaps(4)
    .flatMap(map =>
      (nft.elements(TABLE.family, TABLE.name, map) ?? []).map(element => {
        const { key, value } = listed(element)!
        return `${map} ${key}${value === undefined ? '' : ` : ${value}`}`
      }),
    )
    .sort()

test('whatever the way, the kernel holds what the last state alone would give, and the note says so', () => {
  fc.assert(
    fc.property(history, fc.constantFrom(1, 7, 4000), (changes, limit) => {
      const alone = createProgram(SKELETON)
      alone.update(lastOf(changes))
      for (const [name, expand] of Object.entries(EXPANDERS)) {
        const { nft } = fakeKernel()
        const program = createProgram(SKELETON)
        load(nft, program)
        for (const batch of expand(changes)) apply(nft, program, batch, limit)
        expect(kernelLines(nft), name).toEqual(entryLines(alone))
        expect(entryLines(program), name).toEqual(entryLines(alone))
        expect(readContent(nft.comment(CONTENT_TABLE.family, CONTENT_TABLE.name)), name).toEqual(alone.content())
      }
    }),
    { numRuns: 30 },
  )
})

test('what is equal is not written again, and what differs is written alone', () => {
  const program = createProgram(SKELETON)
  const service = (port: number, count: number): ServiceChange => ({
    service: 'shop/api',
    since: '',
    fronts: [80, port].map(number => ({
      address: ip('172.30.1.1'),
      protocol: 'TCP',
      port: number,
      role: 'clusterIP',
      portName: '',
      within: forward(number === 80 ? 2 : count, 'client', 1),
      outside: { is: 'drop', why: '' },
    })),
  })
  program.update([service(443, 3)])
  expect(program.update([service(443, 3)])).toEqual({ groups: [], changes: [] })
  const { groups } = program.update([service(443, 2)])
  expect(transactions(TABLE, groups)).toEqual([
    `delete element inet fairlead services4 { 172.30.1.1 . tcp . 443 }
delete element inet fairlead endpoints-tcp4 { 172.30.1.1 . 443 . 2 }
add element inet fairlead services4 { 172.30.1.1 . tcp . 443 : goto n2 }
`,
  ])
})

test('nodes come and go', () => {
  const { nft } = fakeKernel()
  const program = createProgram(SKELETON)
  load(nft, program)
  const before = program.content()
  for (const nodes of [['172.18.0.11', '172.18.0.12'], ['172.18.0.12'], []]) {
    for (const text of transactions(TABLE, program.setNodes(nodes.map(ip)).groups)) nft.run(text)
    expect(nft.elements(TABLE.family, TABLE.name, 'nodes4')).toEqual(nodes.toSorted().filter(Boolean))
  }
  expect(program.content()).toEqual(before)
})
