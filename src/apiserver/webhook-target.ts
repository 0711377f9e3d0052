import type { WebhookClient } from '../api/meta/webhook-client.ts'
import type { HttpsRequest } from '../host/https/mod.ts'
import type { Store } from '../store/mod.ts'
import { textAt } from './object.ts'
import { prefixOf } from './resource/resource.ts'
import { parseBytes } from './stored.ts'

/** A service is reached at its address, under the name that its certificate must have. Throws Error where there is none. */
export function webhookTarget(
  store: Store,
  { url, service, caBundle }: WebhookClient,
): Pick<HttpsRequest, 'url' | 'connect' | 'ca'> {
  const ca = caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}
  if (url) return { url, ...ca }
  if (!service) throw new Error('clientConfig has neither a url nor a service')
  const { namespace, name, path = '/', port = 443 } = service
  const stored = store.get(`${prefixOf('', 'services')}${namespace}/${name}`)
  if (!stored) throw new Error(`service ${JSON.stringify(name)} not found`)
  const host = textAt(parseBytes(stored.value), 'spec', 'clusterIP')
  if (host === '' || host === 'None') throw new Error(`service ${JSON.stringify(name)} has no cluster IP`)
  const slash = path.startsWith('/') ? path : `/${path}`
  return { url: `https://${name}.${namespace}.svc:${port}${slash}`, connect: { host, port }, ...ca }
}
