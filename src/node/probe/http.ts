import type { RequestOptions } from 'node:http'
import { request as httpRequest } from 'node:http'
import { connect as tlsConnect } from 'node:tls'
import { messageOf } from '../../lib/errors.ts'
import type { HttpCheck, Outcome, ProbeDeps } from './mod.ts'
import { at, dialError } from './words.ts'

/** A GET; a status from 200 to 399 is success. Certificates are not verified. */
export function httpCheck(deps: ProbeDeps, check: HttpCheck, timeoutMs: number): Promise<Outcome> {
  const authority = at(check.address, check.port)
  const url = `${check.scheme.toLowerCase()}://${authority}${check.path.startsWith('/') ? '' : '/'}${check.path}`
  const connect = (): NonNullable<ReturnType<NonNullable<RequestOptions['createConnection']>>> => {
    const socket = deps.socket.connect({ netns: deps.netns, address: check.address, port: check.port })
    if (check.scheme === 'HTTP') return socket
    socket.on('error', error => secured.destroy(error))
    const secured = tlsConnect({ socket, rejectUnauthorized: false })
    return secured
  }
  return new Promise(resolve => {
    const end = (outcome: Outcome): void => {
      cancel()
      resolve(outcome)
      request.destroy()
    }
    const failed = (why: string): void => end({ ok: false, message: `Get ${JSON.stringify(url)}: ${why}` })
    const cancel = deps.clock.after(timeoutMs, () =>
      failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
    )
    const request = httpRequest({
      createConnection: connect,
      path: pathOf(check.path),
      headers: headersOf(check, authority),
    })
    request.on('error', error => failed(errorText(error, check)))
    request.on('response', response => {
      response.on('error', () => {})
      response.resume()
      const status = response.statusCode ?? 0
      const ok = status >= 200 && status < 400
      end({ ok, message: ok ? '' : `HTTP probe failed with statuscode: ${status}` })
    })
    request.end()
  })
}

/** A path that Node would refuse to send is sent as its characters' escapes. */
const pathOf = (path: string): string => {
  const absolute = path.startsWith('/') ? path : `/${path}`
  return absolute.replace(/[^\x21-\x7e]/g, char => encodeURIComponent(char))
}

function headersOf(check: HttpCheck, authority: string): Record<string, string> {
  const headers: Record<string, string> = {
    host: authority,
    'user-agent': 'kube-probe/1.33',
    accept: '*/*',
    connection: 'close',
  }
  for (const { name, value } of check.headers) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) continue
    headers[name.toLowerCase()] = value
  }
  return headers
}

const errorText = (error: unknown, check: HttpCheck): string =>
  messageOf(error) === 'socket hang up' ? 'EOF' : dialError(error, check.address, check.port)
