import { rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testAuthority } from '../../apiserver/http/testing-tls.ts'
import { systemHttps } from './real.ts'

const authority = testAuthority()
const server = createServer(authority.issue('server', '/CN=hook'), async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (request.url === '/slow') return
  response.end(`${request.method} ${request.url} ${request.headers.host} ${Buffer.concat(chunks)}`)
})
let port: number
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(authority.folder, { recursive: true })
})

const post = (url: string, more: object = {}) =>
  systemHttps.post({
    url,
    connect: { host: '127.0.0.1', port },
    ca: authority.ca,
    body: '{}',
    timeoutMs: 5000,
    ...more,
  })

it('posts to where it is told, under the name of the URL', async () => {
  expect(await post('https://localhost:443/a?b')).toEqual({ status: 200, body: 'POST /a?b localhost {}' })
})

it('says what went wrong', async () => {
  await expect(post('https://other.svc/a')).rejects.toThrow('Post "https://other.svc/a": Hostname/IP does not match')
  await expect(post('https://localhost/a', { ca: testOther() })).rejects.toThrow(/certificate|signature/)
  await expect(post('https://localhost/slow', { timeoutMs: 50 })).rejects.toThrow('context deadline exceeded (50 ms)')
  await expect(post('https://localhost/a', { connect: { host: '127.0.0.1', port: 1 } })).rejects.toThrow('ECONNREFUSED')
})

function testOther(): string {
  const other = testAuthority('other-ca')
  rmSync(other.folder, { recursive: true })
  return other.ca
}
