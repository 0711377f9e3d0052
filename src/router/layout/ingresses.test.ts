import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Secret } from '../../api/core/secret.ts'
import type { Ingress } from '../../api/networking/ingress.ts'
import { someCertificate } from '../../host/haproxy/testdata/certificates.ts'
import type { Dialect } from '../../model/ingress/classes.ts'
import type { RouteFacts } from '../../model/routes/types.ts'
import { splitPem } from '../testing-live.ts'
import { createIngresses } from './ingresses.ts'

interface Draft {
  readonly name: string
  readonly host?: string
  readonly namespace?: string
  readonly secretName?: string
  /** The weight of a canary. */
  readonly canary?: number
}

const ingress = ({ name, host = 'x.test', namespace = 'shop', canary, secretName }: Draft): Ingress => {
  const backend = { service: { name: `of-${name}`, port: { number: 80 } } }
  const annotations: Record<string, string> =
    canary === undefined
      ? {}
      : {
          'nginx.ingress.kubernetes.io/canary': 'true',
          'nginx.ingress.kubernetes.io/canary-weight': String(canary),
        }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace,
      name,
      annotations,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2026-01-01T00:00:${String(name.length).padStart(2, '0')}Z`,
    },
    spec: {
      ...(secretName ? { tls: [{ hosts: [host], secretName }] } : {}),
      rules: [{ host, http: { paths: [{ pathType: 'Prefix', path: '/', backend }] } }],
    },
  } as Ingress
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function world() {
  const claims = new Map<string, RouteFacts>()
  let added = 0
  const table = {
    add(claim: RouteFacts): void {
      added++
      claims.set(claim.key, claim)
    },
    remove: (key: string) => void claims.delete(key),
    ofSecret: (secret: string) =>
      [...claims.values()].filter(({ externalSecret }) => externalSecret === secret).map(({ key }) => key),
  }
  const secrets = new Map<string, Secret>()
  const ingresses = createIngresses(table, { secret: key => secrets.get(key) })
  const told = new Map<string, string>()
  return {
    put: (draft: Draft, dialect: Dialect = 'nginx') => ingresses.put(ingress(draft), dialect),
    remove: (name: string) => {
      told.delete(`shop/${name}`)
      ingresses.remove(`shop/${name}`)
    },
    putSecret(name: string, pem: string) {
      const { certificate, key } = splitPem(pem)
      const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) }
      secrets.set(`shop/${name}`, { data } as unknown as Secret)
      ingresses.touchSecret(`shop/${name}`)
    },
    certificates: () => [...claims.values()].map(({ certificate }) => certificate?.pem),
    /** How many claims were put into the table since this was asked last. */
    added(): number {
      const count = added
      added = 0
      return count
    },
    /** The weights of the claims' Services. */
    weights: () =>
      Object.fromEntries(
        [...claims].map(([key, { targets }]) => [
          key.split('#')[0]!.slice('shop/'.length),
          targets.map(target => target.weight),
        ]),
      ),
    told() {
      for (const [key, texts] of ingresses.take(new Map())) told.set(key, texts.join())
      return Object.fromEntries(told)
    },
  }
}

const CANARY = { name: 'canary', canary: 10 }

test.each(['canary last', 'canary first'])('only Ingresses of ingress-nginx know canaries: %s', order => {
  const dialects = ['plain', 'nginx'] as const
  const seen = dialects.map(dialect => {
    const { put, weights, told } = world()
    if (order === 'canary first') put(CANARY)
    put({ name: 'main' }, dialect)
    if (order === 'canary last') put(CANARY)
    return [weights().main, told()['shop/canary']]
  })
  expect(seen).toEqual([
    [[1], expect.stringContaining('takes no requests')],
    [[90, 10], ''],
  ])
})

test('a canary concerns what stands at its host in its namespace, and nothing else', () => {
  const { put, remove, added, weights, told } = world()
  put({ name: 'main' })
  for (let index = 0; index < 50; index++) put({ name: `other${index}`, host: `h${index}.test` })
  put({ name: 'theirs', namespace: 'bank' })
  added()
  put(CANARY)
  expect([added(), weights().main, weights().other1, weights().theirs]).toEqual([1, [90, 10], [1], [1]])
  put({ name: 'later-canary', canary: 50 })
  expect([added(), weights().main]).toEqual([1, [90, 10]])
  expect(told()).toMatchObject({ 'shop/canary': '', 'shop/later-canary': expect.stringContaining('an older canary') })
  remove('canary')
  expect([added(), weights().main]).toEqual([1, [50, 50]])
  expect(told()['shop/later-canary']).toBe('')
  remove('main')
  expect(added()).toBe(0)
  expect(told()['shop/later-canary']).toContain('takes no requests')
})

test('a Secret concerns the Ingresses that name it, and those of another dialect too', () => {
  const { put, putSecret, certificates, added, told } = world()
  put({ name: 'web', secretName: 'web-tls' })
  put({ name: 'plain', host: 'y.test', secretName: 'web-tls' }, 'plain')
  put({ name: 'other', host: 'z.test', secretName: 'other-tls' })
  expect(certificates()).toEqual([undefined, undefined, undefined])
  expect(told()['shop/web']).toContain('Secret shop/web-tls cannot be read')
  added()
  putSecret('web-tls', someCertificate)
  expect([added(), certificates()]).toEqual([
    2,
    expect.arrayContaining([undefined, expect.stringContaining('BEGIN'), expect.stringContaining('BEGIN')]),
  ])
  expect(told()).toMatchObject({ 'shop/web': '', 'shop/plain': '', 'shop/other': expect.stringContaining('other-tls') })
})

test('whatever happened before, shares are what the Ingresses say', () => {
  const draft = fc.record({
    name: fc.constantFrom('a', 'bb', 'ccc', 'dddd'),
    host: fc.constantFrom('x.test', 'y.test'),
    canary: fc.option(fc.constantFrom(10, 50), { nil: undefined }),
  })
  const step = fc.record({
    draft,
    dialect: fc.constantFrom<Dialect>('plain', 'nginx'),
    isRemoval: fc.boolean(),
    isTold: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), fc.boolean(), (steps, isReversed) => {
      const one = world()
      const left = new Map<string, (typeof steps)[number]>()
      for (const each of steps) {
        if (each.isRemoval) one.remove(each.draft.name)
        else one.put(each.draft as Draft, each.dialect)
        if (each.isRemoval) left.delete(each.draft.name)
        else left.set(each.draft.name, each)
        if (each.isTold) one.told()
      }
      const fresh = world()
      for (const { draft, dialect } of isReversed ? [...left.values()].reverse() : left.values())
        fresh.put(draft as Draft, dialect)
      expect(one.weights()).toEqual(fresh.weights())
      expect(one.told()).toEqual(fresh.told())
    }),
  )
})
