import { request as httpRequest } from 'node:http'
import { messageOf } from '../../../../lib/errors.ts'
import type { Ip } from '../../../../lib/ip.ts'
import { familyOf } from '../../../../lib/ip.ts'
import type { Answer } from '../http.ts'
import { hostPort } from '../http.ts'
import type { BuiltinContext } from '../mod.ts'
import { resolveHost } from '../resolve.ts'

const TIMEOUT_MS = 5000
const MAX_TRIES = 1000

/** Asks another server from inside the pod, so often, and tells what came back. */
export async function dial(context: BuiltinContext, query: URLSearchParams): Promise<Answer> {
  const text = query.get('request') ?? query.get('dialCommand') ?? ''
  const port = Number(query.get('port'))
  const protocol = (query.get('protocol') ?? '').toLowerCase()
  const tries = Math.min(Number(query.get('tries') ?? 1) || 1, MAX_TRIES)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return { status: 400, body: `invalid port ${query.get('port')}\n` }
  if (protocol !== 'http' && protocol !== 'udp') return { status: 400, body: `unsupported protocol ${protocol}\n` }
  const responses: string[] = []
  const errors: string[] = []
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const address = await resolveHost(context, query.get('host') ?? '')
      if (address === undefined) throw new Error(`lookup ${query.get('host')}: no such host`)
      responses.push(await (protocol === 'http' ? get : ask)(context, address, port, text))
    } catch (error) {
      errors.push(messageOf(error))
    }
  }
  return {
    body: JSON.stringify({ ...(responses.length > 0 ? { responses } : {}), ...(errors.length > 0 ? { errors } : {}) }),
  }
}

function get(context: BuiltinContext, address: Ip, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      createConnection: () => context.sockets.connect(address, port),
      headers: { host: hostPort(address, port), connection: 'close' },
      path: path.startsWith('/') ? path : `/${path}`,
    })
    const cancel = context.clock.after(TIMEOUT_MS, () => request.destroy(new Error('timeout')))
    request.once('error', error => {
      cancel()
      reject(error)
    })
    request.once('response', response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        cancel()
        resolve(Buffer.concat(chunks).toString('utf8').trim())
      })
    })
    request.end()
  })
}

async function ask(context: BuiltinContext, address: Ip, port: number, text: string): Promise<string> {
  const socket = await context.driver.udp({ netns: context.netns, port: 0, family: familyOf(address) })
  try {
    return await new Promise((resolve, reject) => {
      const cancel = context.clock.after(TIMEOUT_MS, () =>
        reject(new Error('reading from udp connection failed: i/o timeout')),
      )
      socket.once('message', data => {
        cancel()
        resolve(data.toString('utf8').trim())
      })
      socket.once('error', reject)
      socket.send(text, port, address, error => error && reject(error))
    })
  } finally {
    socket.close()
  }
}
