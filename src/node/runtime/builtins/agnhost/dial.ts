import { messageOf } from '../../../../lib/errors.ts'
import type { Ip } from '../../../../lib/ip.ts'
import { familyOf } from '../../../../lib/ip.ts'
import type { Answer } from '../http.ts'
import type { BuiltinContext } from '../mod.ts'
import { resolveHost } from '../resolve.ts'
import { fetchFrom } from './fetch.ts'

const TIMEOUT_MS = 5000
const MAX_TRIES = 1000

/** Asks another server from inside the pod, so often, and tells what came back. Refusals as the image words them. */
export async function dial(context: BuiltinContext, query: URLSearchParams): Promise<Answer> {
  const of = (name: string): string => query.get(name) ?? ''
  const protocol = of('protocol').toLowerCase() || 'http'
  const tries = of('tries') === '' ? 1 : Number(of('tries'))
  const port = Number(of('port'))
  const refuse = (body: string): Answer => ({ status: 400, body: `${body}\n` })
  if (!Number.isInteger(tries))
    return refuse(`tries parameter is invalid. strconv.Atoi: parsing ${JSON.stringify(of('tries'))}: invalid syntax`)
  if (of('request') === '') return refuse('request parameter not specified. <nil>')
  if (protocol !== 'http' && protocol !== 'udp') return refuse(`unsupported protocol. ${of('protocol')}`)
  const address = await resolveHost(context, of('host'))
  if (address === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    const why = address === undefined ? `lookup ${of('host')}: no such host` : `address ${of('port')}: invalid port`
    return refuse(`host and/or port param are invalid. ${why}`)
  }
  return { body: await repeat(context, address, port, protocol, of('request'), Math.min(tries, MAX_TRIES)) }
}

/** Answers are told only where the last one was not empty: tests rely on it. */
async function repeat(
  context: BuiltinContext,
  address: Ip,
  port: number,
  protocol: 'http' | 'udp',
  request: string,
  tries: number,
): Promise<string> {
  const responses: string[] = []
  const errors: string[] = []
  let last = ''
  for (let attempt = 0; attempt < tries; attempt++) {
    last = ''
    try {
      last =
        protocol === 'http'
          ? (await fetchFrom(context, { host: address, port, path: `/${request}` })).body
          : await askUdp(context, address, port, request, TIMEOUT_MS)
      responses.push(last)
    } catch (error) {
      errors.push(messageOf(error))
    }
  }
  return JSON.stringify({ ...(errors.length > 0 ? { errors } : {}), ...(last === '' ? {} : { responses }) })
}

/** One datagram, and the first that comes back. */
export async function askUdp(
  context: BuiltinContext,
  address: Ip,
  port: number,
  text: string,
  timeoutMs: number,
): Promise<string> {
  const socket = await context.driver.udp({ netns: context.netns, port: 0, family: familyOf(address) })
  const failed = (why: string): Error => new Error(`reading from udp connection failed. err:'read udp ${why}'`)
  try {
    return await new Promise((resolve, reject) => {
      const cancel = context.clock.after(timeoutMs, () => reject(failed(`${address}:${port}: i/o timeout`)))
      const settle = (act: () => void): void => {
        cancel()
        act()
      }
      socket.once('message', data => settle(() => resolve(data.toString('utf8'))))
      socket.once('error', error => settle(() => reject(failed(messageOf(error)))))
      // Connected, so that a refusal is heard.
      socket.connect(port, address, () =>
        socket.send(text, error => error && settle(() => reject(failed(error.message)))),
      )
    })
  } finally {
    socket.close()
  }
}
