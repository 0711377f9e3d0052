import type { Context, Reply, Verb } from '../context.ts'
import { keyOf } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'
import { get } from '../verbs/get.ts'

/** GET users/~: who asks, whether there is a User of that name or not. */
function getUser(context: Context): Promise<Reply> | Reply {
  const { kernel, resource, info, user } = context
  if (info.name !== '~') return get(context)
  const stored = kernel.store.get(keyOf(resource, undefined, user.name))
  const found = stored ? decodeStored(resource, stored) : { metadata: { name: user.name, creationTimestamp: null } }
  const { kind, apiVersion } = resource
  return { is: 'object', code: 200, object: { kind, apiVersion, identities: null, ...found, groups: user.groups } }
}

export const USERS: Readonly<Record<string, Verb>> = { get: getUser }
