/** Whatever comes in by the front door is answered or refused: never an error of ours, never time or memory without a bound. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigMap } from '../api/core/config-map.ts'
import { systemClock } from '../host/clock/real.ts'
import { encodeProtobuf } from '../schema/protobuf/encode.ts'
import { writeEnvelope } from '../wire/protobuf/envelope.ts'
import { type TestApi, testApi } from './testing.ts'
import { type Answer, call } from './testing-call.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const TYPES = ['application/json', 'application/yaml', PROTOBUF]
const PATCHES = ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'].map(
  name => `application/${name}`,
)

let api: TestApi
beforeAll(async () => {
  api = await testApi(systemClock)
  const spec = { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: 'b' }] }] }
  await call(api, `POST ${PODS}`, { body: { metadata: { name: 'victim' }, spec } })
  await call(api, `POST ${MAPS}`, { body: { metadata: { name: 'victim' }, data: { a: 'b' } } })
})
afterAll(() => api.close())

const send = (line: string, type: string, body: Uint8Array | string): Promise<Answer> =>
  call(api, line, { body: typeof body === 'string' ? Buffer.from(body) : body, headers: { 'content-type': type } })
/** Upstream answers some patches with 500 and a reason; what nobody foresaw says so. */
const outcome = ({ text }: Answer): string =>
  text.includes('Internal error occurred') ? text.slice(0, 300) : 'answered'

const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'p', labels: { a: 'b' } },
  spec: {
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
})
const MAP = writeEnvelope({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  raw: encodeProtobuf(ConfigMap.schema, { metadata: { generateName: 'm' }, data: { a: 'b' } }),
})

/** Bytes of all sorts, and sound ones with a few places damaged. */
const damaged = (whole: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }).map(places => {
      const copy = Uint8Array.from(whole)
      for (const [at, byte] of places) copy[at] = byte
      return copy
    }),
    fc.nat(whole.length - 1).map(end => whole.slice(0, end)),
  )

describe('any bytes', { timeout: 60_000 }, () => {
  it.each([
    ...TYPES.map(type => [`POST ${PODS}?dryRun=All`, type, Buffer.from(POD)] as const),
    [`POST ${MAPS}?dryRun=All`, PROTOBUF, MAP] as const,
    [`DELETE ${MAPS}/none`, 'application/json', Buffer.from('{"kind":"DeleteOptions","apiVersion":"v1"}')] as const,
    [`DELETE ${MAPS}/none`, PROTOBUF, MAP] as const,
  ])('as a body: %s %s', async (line, type, whole) => {
    await fc.assert(
      fc.asyncProperty(damaged(whole), async bytes => {
        expect(outcome(await send(line, type, bytes))).toBe('answered')
      }),
      { numRuns: 150 },
    )
  })

  it.each(PATCHES)('as a patch: %s', async type => {
    const sound = type.includes('json-patch')
      ? '[{"op":"replace","path":"/spec/containers/0/image","value":"x"},{"op":"test","path":"/metadata/name","value":"victim"}]'
      : '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","$patch":"delete"}],"$setElementOrder/containers":[{"name":"c"}]}}'
    await fc.assert(
      fc.asyncProperty(damaged(Buffer.from(sound)), async bytes => {
        const line = `PATCH ${PODS}/victim?dryRun=All&fieldManager=fuzz`
        expect(outcome(await send(line, type, bytes))).toBe('answered')
      }),
      { numRuns: 150 },
    )
  })

  it('as parameters of a list', async () => {
    const names = ['labelSelector', 'fieldSelector', 'continue', 'limit', 'resourceVersion', 'resourceVersionMatch']
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'a=!,()in notin<>.\\/"{}:1') }),
      fc.object().map(object => Buffer.from(JSON.stringify(object)).toString('base64url')),
    )
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), value), async parameters => {
        const query = new URLSearchParams(parameters)
        expect(outcome(await call(api, `GET ${MAPS}?${query}`))).toBe('answered')
      }),
      { numRuns: 400 },
    )
  })

  it('as a path, and as what the client accepts', async () => {
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'%/.:a2Fpodsv1?#') }),
      fc.constantFrom('api', 'apis', 'v1', '..'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.string(), async (parts, accept) => {
        const path = `/${parts.join('/')}`.replace(/\s/g, '')
        expect(outcome(await call(api, `GET ${path}`, { headers: { accept } }))).toBe('answered')
      }),
      { numRuns: 300 },
    )
  })

  it('as a request for a certificate', async () => {
    const header = Buffer.from([
      0x30, 0x82, 0x01, 0x00, 0x30, 0x10, 0x02, 0x01, 0x00, 0x30, 0x00, 0x31, 0x00, 0xa0, 0x00,
    ])
    await fc.assert(
      fc.asyncProperty(damaged(header), async bytes => {
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
        const spec = { request: Buffer.from(pem).toString('base64'), signerName: 'a.b/c', usages: ['client auth'] }
        const answer = await call(api, `POST ${CSRS}?dryRun=All`, { body: { metadata: { name: 'x' }, spec } })
        expect(answer.status).toBe(422)
      }),
      { numRuns: 200 },
    )
  })
})

const MIB = 1024 * 1024
const lengthened = (text: string): string => text.repeat(Math.ceil((3 * MIB) / text.length)).slice(0, 3 * MIB - 200)

describe('what is made to hurt', { timeout: 60_000 }, () => {
  const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth)
  const aliases = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`),
  ]
  it.each([
    ['nested arrays', 'application/json', `{"data":${nested('[', ']', 200_000)}}`, 400],
    ['nested objects', 'application/json', `${nested('{"a":', '', 200_000)}1${'}'.repeat(200_000)}`, 400],
    ['nested YAML', 'application/yaml', `data: ${nested('[', ']', 50_000)}`, 400],
    ['aliases of aliases', 'application/yaml', `${aliases.join('\n')}\n`, 400],
    ['much YAML', 'application/yaml', lengthened('- a\n'), 400],
    ['many keys', 'application/json', `{"data":{${lengthened('"a":"b",').replace(/,?[^,]*$/, '')}}}`, 400],
    ['a long text', 'application/json', `{"metadata":{"name":"x"},"data":{"a":"${lengthened('x')}"}}`, 422],
    ['bytes that are no text', 'application/json', Buffer.from('{"data":{"a":"\xff\xfe"}}', 'latin1'), 400],
    ['half a character', 'application/json', '{"data":{"a":"\\ud800"}}', 422],
    [
      'a length without end',
      PROTOBUF,
      Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
      400,
    ],
    [
      'nested messages',
      PROTOBUF,
      writeEnvelope({ apiVersion: 'v1', kind: 'ConfigMap', raw: Buffer.alloc(MIB, 0x0a) }),
      400,
    ],
    ['keys that occur twice', 'application/json', '{"metadata":{"name":"x"},"data":{"a":"b","a":"c"}}', 400],
  ])('%s: refused, soon, and without holding on to memory', async (_, type, body, status) => {
    const startMs = performance.now()
    const answers: Answer[] = []
    for (let round = 0; round < 3; round++)
      answers.push(await send(`POST ${MAPS}?dryRun=All&fieldValidation=Strict`, type, body))
    expect(answers.map(answer => answer.status)).toEqual([status, status, status])
    expect(answers[0]!.json.message.length).toBeLessThan(10_000)
    expect(performance.now() - startMs).toBeLessThan(30_000)
    // The control: the same way in is open for what is sound.
    expect((await send(`POST ${MAPS}?dryRun=All`, 'application/json', '{"metadata":{"name":"x"}}')).status).toBe(201)
  })
})
