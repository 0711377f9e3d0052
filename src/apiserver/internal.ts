import { LOOPBACK } from './auth/user.ts'
import type { ApiRequest, Context, Kernel } from './context.ts'
import type { Resource } from './resource/resource.ts'

const NOTHING = new Uint8Array(0)

/** A request the server makes of itself, without the way through `handle`. */
export function internalContext(
  kernel: Kernel,
  resource: Resource,
  key: { readonly namespace?: string; readonly name?: string },
  verb: string,
): Context {
  const request: ApiRequest = {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    body: NOTHING,
    signal: new AbortController().signal,
  }
  const { group, version, plural } = resource
  const info = { is: 'resource', path: '/', group, version, plural, ...key } as const
  return { kernel, request, user: LOOPBACK, resource, info, verb, warnings: [] }
}
