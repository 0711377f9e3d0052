import type { Pod } from '../../../api/core/pod.ts'
import type { Client } from '../../../client/mod.ts'
import type { Clock } from '../../../lib/clock.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { TokenRequest } from '../spec/volumes.ts'
import { VolumeError } from '../spec/volumes.ts'

/** ServiceAccount tokens of the node's pods, each asked for once and again before it is too old. */
export interface Tokens {
  /** Throws VolumeError. */
  get(pod: Pod, request: TokenRequest): Promise<string>
  /** When the first of the pod's tokens should be renewed. */
  renewAtMs(podUid: string): number | undefined
  forget(podUid: string): void
}

interface Held {
  readonly token: string
  readonly renewAtMs: number
}

/** A token is renewed when a fifth of its life is left, or after a day. Source: kubelet's token manager. */
const RENEW_AT = 0.8
const DAY_MS = 86_400_000

export function createTokens(deps: { readonly client: Client; readonly clock: Clock }): Tokens {
  const held = new Map<string, Map<string, Held>>()
  return {
    async get(pod, request) {
      const own = held.get(pod.metadata.uid) ?? new Map<string, Held>()
      const key = `${request.audience ?? ''}/${request.expirationSeconds}`
      const known = own.get(key)
      const nowMs = deps.clock.now()
      if (known && known.renewAtMs > nowMs) return known.token
      const token = await ask(deps.client, pod, request)
      own.set(key, { token, renewAtMs: nowMs + Math.min(request.expirationSeconds * 1000 * RENEW_AT, DAY_MS) })
      held.set(pod.metadata.uid, own)
      return token
    },
    renewAtMs: podUid => {
      const times = [...(held.get(podUid)?.values() ?? [])].map(({ renewAtMs }) => renewAtMs)
      return times.length > 0 ? Math.min(...times) : undefined
    },
    forget: podUid => void held.delete(podUid),
  }
}

/** Bound to the pod: it is good for nothing once the pod is gone. */
async function ask(client: Client, pod: Pod, { audience, expirationSeconds }: TokenRequest): Promise<string> {
  const { namespace, name, uid } = pod.metadata
  const account = pod.spec.serviceAccountName ?? 'default'
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  }
  try {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`
    const answer = (await client.request('POST', path, body)) as { readonly status?: { readonly token?: string } }
    return answer.status?.token ?? ''
  } catch (error) {
    throw new VolumeError(`failed to fetch token: ${messageOf(error)}`)
  }
}
