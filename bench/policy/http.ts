/** An API in memory, served to other processes of the bench. */
import { createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FakeApi } from '../../src/client/fake.ts'
import type { Transport } from '../../src/client/transport.ts'

export async function serveApi(api: FakeApi): Promise<number> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const { method = 'GET', url = '/', headers } = request
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
    const asked = { method, path: url, headers: headers as Record<string, string>, ...body, signal: gone.signal }
    const answer = await api.handle(asked)
    response.writeHead(answer.status, answer.headers)
    response.flushHeaders()
    try {
      if (answer.body instanceof Uint8Array) response.write(answer.body)
      else for await (const chunk of answer.body) response.write(chunk)
    } catch {}
    response.end()
  })
  // A connection that the server closes just when a client takes it up again breaks a watch, and that is no policy's fault.
  Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 })
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  server.unref()
  return (server.address() as AddressInfo).port
}

export const httpTransport = (port: number): Transport => ({
  request: ({ method, path, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const options = { port, host: '127.0.0.1', method, path, headers, ...(signal ? { signal } : {}) }
      const asked = send(options, response => {
        const { statusCode = 500, headers: told } = response
        resolve({ status: statusCode, headers: told as Record<string, string>, body: response })
      })
      asked.on('error', reject)
      asked.setNoDelay(true)
      asked.end(body)
    }),
  close: () => {},
})
