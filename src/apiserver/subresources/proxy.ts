import type { DialDriver } from '../../host/dial/mod.ts'
import type { Verb } from '../context.ts'
import type { Subresource } from './mod.ts'

/** Loaded when somebody first goes through the server. */
const through =
  (dial: DialDriver | undefined): Verb =>
  async context => {
    const { proxy } = await import('../proxy/proxy.ts')
    return proxy(dial, context)
  }

/** Every method is the backend's to answer. */
function proxied(dial: DialDriver | undefined, kind: string): Subresource {
  const verb = through(dial)
  return {
    name: 'proxy',
    responseKind: { group: '', version: 'v1', kind },
    verbs: { create: verb, delete: verb, get: verb, patch: verb, update: verb },
  }
}

export const proxies = (dial: DialDriver | undefined): Readonly<Record<string, Subresource>> => ({
  '/nodes/proxy': proxied(dial, 'NodeProxyOptions'),
  '/pods/proxy': proxied(dial, 'PodProxyOptions'),
  '/services/proxy': proxied(dial, 'ServiceProxyOptions'),
})
