import type { Pod } from '../../api/core/pod.ts'
import type { Context, Reply } from '../context.ts'
import { notFound } from '../errors.ts'
import { keyOf } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import type { StreamDeps } from '../stream/mod.ts'
import type { Subresource } from './mod.ts'

/** GET pods/{name}/log. */
const log = (streams: StreamDeps | undefined): Subresource => ({
  name: 'log',
  verbs: {
    get: async ({ kernel, resource, info, request }: Context): Promise<Reply> => {
      const stored = kernel.store.get(keyOf(resource, info.namespace, info.name!))
      if (!stored) throw notFound(resource, info.name!)
      if (!streams) throw new StatusError(501, 'NotImplemented', 'this server runs no pods', {})
      const pod = decodeStored(resource, stored) as unknown as Pod
      const { podLog } = await import('../stream/mod.ts')
      const { contentType, body } = await podLog(streams, pod, request.query, request.signal)
      return {
        is: 'raw',
        code: 200,
        headers: { 'content-type': contentType, 'cache-control': 'no-cache, private' },
        body,
      }
    },
  },
})

/** Those that need an upgrade are listed, so that discovery shows them; without one they are refused. */
const upgraded = (name: string, kind: string): Subresource => {
  const refuse = async (): Promise<never> => {
    const { upgradeRequired } = await import('../stream/mod.ts')
    throw upgradeRequired()
  }
  return { name, responseKind: { group: '', version: 'v1', kind }, verbs: { create: refuse, get: refuse } }
}

export const podStreams = (streams: StreamDeps | undefined): Readonly<Record<string, Subresource>> => ({
  '/pods/log': log(streams),
  '/pods/exec': upgraded('exec', 'PodExecOptions'),
  '/pods/attach': upgraded('attach', 'PodAttachOptions'),
  '/pods/portforward': upgraded('portforward', 'PodPortForwardOptions'),
})
