import { createHash } from 'node:crypto'
import { messageOf } from '../../../../lib/errors.ts'
import { parseFlags } from '../flags.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { untilStopped } from '../mod.ts'
import type { Fetched } from './fetch.ts'
import { fetchFrom } from './fetch.ts'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The pod's token as it is now: it is renewed while the pod runs. */
const tokenOf = (context: BuiltinContext): string => context.file(`${ACCOUNT}/token`)?.toString('utf8').trim() ?? ''

/** Asks the API as a client inside of a pod does. Throws where the pod has no account, or nobody answers. */
export function askApi(context: BuiltinContext, path: string): Promise<Fetched> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = context.env
  if (!host || !port)
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
  const authority = context.file(`${ACCOUNT}/ca.crt`)
  const token = tokenOf(context)
  if (!authority || token === '') throw new Error(`open ${ACCOUNT}/token: no such file or directory`)
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
  return fetchFrom(context, { host, port: Number(port), path, headers, authority })
}

/** Asks the API every so often whether it is well, and tells a hash of the token it used. */
export const inClusterClient: Builtin = async context => {
  const everyMs = Math.max(1, parseFlags(context.args).number('poll-interval', 30)) * 1000
  context.out('started')
  const poll = async (): Promise<void> => {
    context.out('calling /healthz')
    const salted = createHash('sha256')
      .update(`salt|Bearer ${tokenOf(context)}`)
      .digest('base64url')
    if (tokenOf(context) === '') context.err('authz_header=<empty>')
    else context.out(`authz_header=${salted}`)
    const failed = await askApi(context, '/healthz').then(
      ({ status, body }) =>
        status === 200 ? undefined : `the server responded with the status code ${status}\n${body}`,
      messageOf,
    )
    if (failed === undefined) return
    context.err('status=failed')
    context.err(`error checking /healthz: ${failed}`)
  }
  void (async () => {
    while (!context.signal.aborted) {
      await context.clock.sleep(everyMs, context.signal).catch(() => {})
      if (!context.signal.aborted) await poll()
    }
  })()
  return untilStopped(context.signal)
}
