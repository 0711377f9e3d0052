import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import type { CustomResourceDefinition } from '../api/apiextensions/custom-resource-definition.ts'
import { Namespace } from '../api/core/namespace.ts'
import { Service } from '../api/core/service.ts'
import { Ingress } from '../api/networking/ingress.ts'
import { IngressClass } from '../api/networking/ingress-class.ts'
import { ROUTES_CRD, routesCrd } from '../api/route/crd.ts'
import { Route } from '../api/route/route.ts'
import { createInformers } from '../client/informers.ts'
import { ApiError, type Client } from '../client/mod.ts'
import { eventually, type TestBench, testBench } from '../client/testing.ts'
import { fakeHaproxy } from '../host/haproxy/fake.ts'
import { ROUTER_DEFAULTS } from '../model/routes/options.ts'
import { installRoutesCrd } from './install-crd.ts'
import { startRouter } from './role.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy/router')
const read = (file: string) =>
  parseAllDocuments(readFileSync(join(DEPLOY, file), 'utf8')).map(document => document.toJSON())

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}
const granted = (file: string): ReadonlySet<string> =>
  new Set(
    read(file)
      .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
      .flatMap(({ rules }) => rules as Rule[])
      .flatMap(({ apiGroups, resources, verbs }) =>
        resources.flatMap(resource => verbs.map(verb => `${verb} ${resource} ${apiGroups[0]}`.trim())),
      ),
  )

/** A client that refuses what is not granted, as a server with RBAC does, and notes what was asked for. */
function guarded(client: Client, rights: ReadonlySet<string>, used: Set<string>): Client {
  const VERBS: Readonly<Record<string, string>> = { find: 'get', updateStatus: 'update' }
  return new Proxy(client, {
    get(target, name: string) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function' || name === 'close' || name === 'request') return method
      return (kind: { group: string; plural: string }, ...rest: unknown[]) => {
        const resource = name === 'updateStatus' ? `${kind.plural}/status` : kind.plural
        const right = `${VERBS[name] ?? name} ${resource} ${kind.group}`.trim()
        used.add(right)
        if (!rights.has(right)) throw new ApiError({ code: 403, reason: 'Forbidden', message: `${right} is forbidden` })
        return Reflect.apply(method, target, [kind, ...rest])
      }
    },
  })
}

const STATUS = ['update ingresses/status networking.k8s.io', 'update routes/status route.openshift.io']
let bench: TestBench
afterEach(() => bench?.close())

/** A router that has a Route, an Ingress and something to complain of; resolves to the rights it asked for. */
async function usedWith(rights: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  bench = testBench()
  const used = new Set<string>()
  const client = guarded(bench.api.client, rights, used)
  const stop = new AbortController()
  const informers = createInformers({ ...bench, client }, stop.signal)
  bench.api.put(Namespace, { metadata: { name: 'shop' }, spec: {} })
  bench.api.put(Service, { metadata: { namespace: 'shop', name: 'web' }, spec: {} })
  bench.api.put(IngressClass, { metadata: { name: 'fairlead' }, spec: { controller: 'fairlead.dev/ingress' } })
  bench.api.put(Route, {
    metadata: { namespace: 'shop', name: 'a' },
    spec: { host: 'a.test', to: { kind: 'Service', name: 'none' } },
  })
  bench.api.put(Ingress, {
    metadata: { namespace: 'shop', name: 'b' },
    spec: {
      ingressClassName: 'fairlead',
      defaultBackend: { service: { name: 'none', port: { number: 80 } } },
    },
  })
  const options = { ...ROUTER_DEFAULTS, settings: { namespaceSelector: {} } }
  const deps = {
    ...bench,
    client: informers.client,
    informers,
    haproxy: fakeHaproxy(),
    listen: async () => {},
    graceMs: 0,
  }
  const role = await startRouter(deps, options, stop.signal)
  await eventually(() => ['create events', ...STATUS].every(right => used.has(right)))
  stop.abort(new Error('stop'))
  await role.done
  return used
}

test('the rights in the manifest are those that a router uses, and no others', async () => {
  const rights = granted('router.yaml')
  const used = await usedWith(rights)
  // Equal events of one object are counted in one: that is the only patch.
  expect([...used, 'patch events'].sort()).toEqual([...rights].sort())
  const { status } = bench.api.get(Ingress, { namespace: 'shop', name: 'b' })!
  expect(status?.loadBalancer?.ingress).toEqual([{ hostname: 'router-default.apps.fairlead.test' }])
})

test('without one of them it does not do its work', async () => {
  const rights = new Set(granted('router.yaml'))
  rights.delete(STATUS[0]!)
  // It asks, again and again, and is refused.
  await usedWith(rights).catch(() => {})
  expect(bench.api.get(Ingress, { namespace: 'shop', name: 'b' })?.status?.loadBalancer).toBeUndefined()
})

test('the definition of Routes is installed where there is none, and left alone where another made one', async () => {
  bench = testBench()
  const asked: unknown[] = []
  const made = {
    ...(routesCrd as unknown as CustomResourceDefinition),
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  } as unknown as CustomResourceDefinition
  let found: CustomResourceDefinition | undefined
  const rights = new Set([...granted('install-crd.yaml')])
  const used = new Set<string>()
  const api = {
    find: async () => found,
    patch: async (...args: unknown[]) => void asked.push(args),
    list: async () => ({ items: [made], resourceVersion: '1' }),
    request: async () => {
      throw new ApiError({ code: 404, reason: 'NotFound' })
    },
  } as unknown as Client
  const client = guarded(api, rights, used)
  const refused = installRoutesCrd(guarded(api, new Set(), used), bench.signal)
  await expect(refused).rejects.toMatchObject({ code: 'RoutesRefused' })
  expect(await installRoutesCrd(client, bench.signal)).toBe('installed')
  expect(asked).toHaveLength(1)
  found = { ...made, metadata: { ...made.metadata, labels: {} } }
  expect(await installRoutesCrd(client, bench.signal)).toBe('known')
  expect(asked).toHaveLength(1)
})

test('the manifest of the definition is the one of the program', () => {
  const path = join(DEPLOY, 'routes-crd.yaml')
  const text = `# Routes for an API that does not know them; made from the schema: UPDATE_GOLDEN=1 writes it anew.\n${stringify(routesCrd, { lineWidth: 140 })}`
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, text)
  expect(readFileSync(path, 'utf8')).toBe(text)
  expect(routesCrd.metadata.name).toBe(ROUTES_CRD)
})
