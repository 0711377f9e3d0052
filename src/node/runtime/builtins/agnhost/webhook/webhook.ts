import { parseFlags } from '../../flags.ts'
import type { Answer } from '../../http.ts'
import { accessLogged, answering, bodyOf, targetOf } from '../../http.ts'
import type { Builtin } from '../../mod.ts'
import { untilStopped } from '../../mod.ts'
import { tlsFrom } from '../tls.ts'
import { convert } from './conversion.ts'
import type { Review, Verdict } from './verdicts.ts'
import { VERDICTS } from './verdicts.ts'

/** An admission webhook with an opinion for each path. */
export const webhook: Builtin = async context => {
  const flags = parseFlags(context.args)
  const sidecarImage = flags.string('sidecar-image', '')
  const tls = tlsFrom(context, flags.string('tls-cert-file', ''), flags.string('tls-private-key-file', ''))
  const answer = answering(async request => {
    const { path } = targetOf(request)
    if (path === '/readyz') return { body: 'ok' }
    const decide = Object.hasOwn(VERDICTS, path) ? VERDICTS[path] : undefined
    if (!decide) return { status: 404, body: '404 page not found\n' }
    if (request.headers['content-type'] !== 'application/json') return { body: '' }
    const review = JSON.parse((await bodyOf(request, MAX_BYTES)).toString('utf8')) as Review
    if (path === '/always-allow-delay-5s') await context.clock.sleep(5000, context.signal)
    return reviewed(review, await decide(review.request, { sidecarImage, signal: context.signal }))
  })
  await context.sockets.https(flags.number('port', 443), accessLogged(context, answer), tls)
  return untilStopped(context.signal)
}

const MAX_BYTES = 4 * 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

function reviewed(review: Review, { allowed, status, patch }: Verdict): Answer {
  const response = {
    uid: review.request.uid,
    allowed,
    ...(status ? { status: { metadata: {}, ...status } } : {}),
    ...(patch ? { patch: Buffer.from(JSON.stringify(patch)).toString('base64'), patchType: 'JSONPatch' } : {}),
  }
  const { apiVersion, kind } = review
  return { headers: JSON_TYPE, body: JSON.stringify({ kind, apiVersion, response }) }
}

/** Converts the example kind of the image's tests between v1 and v2. */
export const crdConversionWebhook: Builtin = async context => {
  const flags = parseFlags(context.args)
  const tls = tlsFrom(context, flags.string('tls-cert-file', ''), flags.string('tls-private-key-file', ''))
  const answer = answering(async request => {
    const { path } = targetOf(request)
    if (path === '/readyz') return { body: 'ok' }
    if (path !== '/crdconvert') return { status: 404, body: '404 page not found\n' }
    const text = (await bodyOf(request, MAX_BYTES)).toString('utf8')
    return { headers: JSON_TYPE, body: JSON.stringify(convert(JSON.parse(text))) }
  })
  await context.sockets.https(flags.number('port', 443), accessLogged(context, answer), tls)
  return untilStopped(context.signal)
}
