import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HttpsAnswer, HttpsDriver, HttpsRequest } from './mod.ts'

/** More than any answer needs. */
const MAX_ANSWER_BYTES = 8 << 20

export const systemHttps: HttpsDriver = {
  post: request =>
    new Promise((resolve, reject) => {
      const { url, connect, ca, body, timeoutMs } = request
      const target = new URL(url)
      const sent = httpsRequest(
        {
          method: 'POST',
          host: connect?.host ?? target.hostname,
          port: connect?.port ?? (target.port || 443),
          path: `${target.pathname}${target.search}`,
          servername: target.hostname,
          headers: { host: target.host, 'content-type': 'application/json', accept: 'application/json' },
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
          ...(ca === undefined ? {} : { ca }),
        },
        response => read(response).then(resolve, failed),
      )
      const failed = (error: Error): void =>
        reject(new Error(`Post ${JSON.stringify(url)}: ${reasonOf(error, request)}`))
      sent.once('error', failed)
      sent.end(body)
    }),
}

const reasonOf = (error: Error, { timeoutMs }: HttpsRequest): string =>
  error.name === 'AbortError' || error.name === 'TimeoutError'
    ? `context deadline exceeded (${timeoutMs} ms)`
    : error.message

async function read(response: IncomingMessage): Promise<HttpsAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }
}
