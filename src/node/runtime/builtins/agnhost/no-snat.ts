import { messageOf } from '../../../../lib/errors.ts'
import { parseIp } from '../../../../lib/ip.ts'
import { parseFlags } from '../flags.ts'
import type { Answer } from '../http.ts'
import { accessLogged, answering, clientOf, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { ended, untilStopped } from '../mod.ts'
import { fetchFrom } from './fetch.ts'

const NOT_FOUND: Answer = { status: 404, body: '404 page not found\n' }

/** Whether others see this pod under its own address: /checknosnat asks them at /whoami. */
export const noSnatTest: Builtin = async context => {
  const wrong = ['POD_IP', 'NODE_IP'].flatMap(name => {
    const value = context.env[name]
    if (value === undefined) return [`${name} env var was not present in the environment`]
    return parseIp(value) ? [] : [`${name} env var contained ${JSON.stringify(value)}, which is not an IP address`]
  })
  if (wrong[0] !== undefined) {
    context.err(wrong[0])
    return ended(1)
  }
  const answer = answering(async request => {
    const { path, query } = targetOf(request)
    if (path === '/whoami') return { body: clientOf(request) }
    if (path !== '/checknosnat') return NOT_FOUND
    const results = await Promise.all((query.get('ips') ?? '').split(',').map(target => check(context, target)))
    const errors = results.filter(error => error !== undefined)
    return errors.length > 0 ? { status: 500, body: errors.join(', ') } : { body: '' }
  })
  await context.sockets.http(parseFlags(context.args).number('port', 8080), accessLogged(context, answer))
  return untilStopped(context.signal)
}

/** Passes /checknosnat?target=...&ips=... on to the target. */
export const noSnatTestProxy: Builtin = async context => {
  const answer = answering(async request => {
    const { path, query } = targetOf(request)
    if (path !== '/checknosnat') return NOT_FOUND
    const [target, ips] = [query.get('target') ?? '', query.get('ips') ?? '']
    try {
      return await fetchFrom(context, { ...placeOf(target), path: `/checknosnat?ips=${ips}` })
    } catch (error) {
      const url = `http://${target}/checknosnat?ips=${ips}`
      return { status: 500, body: `error querying ${JSON.stringify(url)}, err: ${messageOf(error)}` }
    }
  })
  await context.sockets.http(parseFlags(context.args).number('port', 31_235), accessLogged(context, answer))
  return untilStopped(context.signal)
}

function placeOf(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = '', port = '80'] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  return { host: bracketed ?? plain, port: Number(port) }
}

/** Undefined where the target saw the pod's own address. */
async function check(context: BuiltinContext, target: string): Promise<string | undefined> {
  const { POD_IP: own, NODE_IP: node } = context.env
  try {
    const { body } = await fetchFrom(context, { ...placeOf(target), path: '/whoami' })
    const seen = body.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
    if (seen === own) return undefined
    const both = `Returned ip ${JSON.stringify(seen)} != my Pod ip ${JSON.stringify(own)}`
    return seen === node
      ? `${both}, == my Node ip ${JSON.stringify(node)} - SNAT`
      : `${both} or my Node ip ${JSON.stringify(node)} - SNAT to unexpected ip (possible SNAT through unexpected interface on the way into another node)`
  } catch (error) {
    return messageOf(error)
  }
}
