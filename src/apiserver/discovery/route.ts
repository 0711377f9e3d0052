import { createHash } from 'node:crypto'
import type { ApiRequest } from '../context.ts'
import { parseAccept } from '../negotiate/accept.ts'
import type { Registry } from '../resource/registry.ts'
import { compressed } from '../respond.ts'
import type { Route } from '../routes/mod.ts'
import type { Page } from '../routes/page.ts'
import { ifChanged, jsonPage } from '../routes/page.ts'
import type { SubresourcesOf } from './aggregated.ts'
import { aggregatedDiscovery } from './aggregated.ts'
import type { Group } from './groups.ts'
import { groupsOf } from './groups.ts'
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts'

/** /api, /apis and below them the documents of groups and versions, made anew when the set of types changes. */
export function discoveryRoute(registry: Registry, subresourcesOf: SubresourcesOf): Route {
  let made = { generation: -1, groups: [] as readonly Group[], pages: new Map<string, Page>() }
  const current = () => {
    if (made.generation !== registry.generation)
      made = { generation: registry.generation, groups: groupsOf(registry), pages: new Map() }
    return made
  }
  return request => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    const path = request.path.replace(/\/$/, '')
    if (path !== '/api' && path !== '/apis' && !/^\/apis?\//.test(path)) return undefined
    const { groups, pages } = current()
    const aggregated = path === '/api' || path === '/apis' ? aggregatedVersion(request) : undefined
    const key = `${path} ${aggregated ?? ''}`
    let page = pages.get(key)
    if (!page) {
      page = aggregated
        ? aggregatedPage(path, aggregated, groups, subresourcesOf)
        : legacyPage(path, groups, subresourcesOf)
      if (!page) return undefined
      pages.set(key, page)
    }
    const answer = page.headers.etag === undefined ? page : ifChanged(request, page)
    return compressed(request, answer)
  }
}

/** The version of aggregated discovery that the client prefers to the plain document. */
function aggregatedVersion({ headers }: ApiRequest): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of parseAccept(headers.accept ?? '')) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue
    if (parameters.get('as') === undefined) return undefined
    const version = parameters.get('v')
    if (parameters.get('g') !== 'apidiscovery.k8s.io' || parameters.get('as') !== 'APIGroupDiscoveryList') continue
    if (version === 'v2' || version === 'v2beta1') return version
  }
  return undefined
}

function aggregatedPage(
  path: string,
  version: 'v2' | 'v2beta1',
  groups: readonly Group[],
  subresourcesOf: SubresourcesOf,
): Page {
  const chosen = groups.filter(({ name }) => (name === '') === (path === '/api'))
  const page = jsonPage(aggregatedDiscovery(chosen, version, subresourcesOf))
  const etag = createHash('sha512')
    .update(page.body as Uint8Array)
    .digest('hex')
    .toUpperCase()
  return {
    ...page,
    headers: {
      'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      etag: `"${etag}"`,
      vary: 'Accept',
      'cache-control': 'public',
    },
  }
}

function legacyPage(path: string, groups: readonly Group[], subresourcesOf: SubresourcesOf): Page | undefined {
  const [, root, ...rest] = path.split('/')
  const core = groups.find(({ name }) => name === '')
  if (root === 'api' && rest.length === 0)
    return jsonPage(apiVersions((core?.versions ?? []).map(({ version }) => version)))
  const named = groups.filter(({ name }) => name !== '')
  if (root === 'apis' && rest.length === 0) return jsonPage(apiGroupList(named))
  const group = root === 'api' ? core : named.find(({ name }) => name === rest[0])
  const version = root === 'api' ? rest[0] : rest[1]
  if (!group || rest.length > (root === 'api' ? 1 : 2)) return undefined
  if (version === undefined) return jsonPage(apiGroup(group))
  const found = group.versions.find(of => of.version === version)
  return found && jsonPage(apiResourceList(found, subresourcesOf))
}
