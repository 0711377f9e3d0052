import type { Context, Reply } from '../context.ts'
import { textAt } from '../object.ts'
import { collectionPrefix } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'

/** What a node's kubelet would say. Nodes here have no server of their own: the server itself knows as much. */
export function askKubelet({ kernel }: Context, node: string, path: string): Reply {
  const name = path.replace(/\/+$/, '')
  if (name === '/healthz') return text(200, 'ok')
  if (name !== '/pods') return text(404, '404 page not found\n')
  const pods = kernel.registry.find('', 'v1', 'pods')!
  const items = kernel.store
    .range(collectionPrefix(pods, undefined))
    .items.map(stored => decodeStored(pods, stored))
    .filter(pod => textAt(pod, 'spec', 'nodeName') === node)
  const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
  return {
    is: 'raw',
    code: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(list)),
  }
}

const text = (code: number, body: string): Reply => ({
  is: 'raw',
  code,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from(body),
})
