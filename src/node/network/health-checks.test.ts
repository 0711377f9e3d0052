import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { Netns } from '../../host/netns/mod.ts'
import type { Listenable, SocketDriver } from '../../host/socket/mod.ts'
import { silent } from '../../lib/log.ts'
import { createHealthChecks } from './health-checks.ts'

/** Listens on a loopback port of the kernel's choice, whatever port is asked for; remembers which. */
function loopbackSockets(): { readonly sockets: SocketDriver; readonly ports: Map<number, number> } {
  const ports = new Map<number, number>()
  const listen = async (server: Listenable, { port }: { readonly port: number }): Promise<void> => {
    if (port === 1) throw Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    ports.set(port, (server.address() as AddressInfo).port)
  }
  return { sockets: { listen } as unknown as SocketDriver, ports }
}

async function get(port: number, path = '/'): Promise<string> {
  const asked = request({ port, path, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let body = ''
  for await (const part of response.setEncoding('utf8')) body += part
  const weight = response.headers['x-load-balancing-endpoint-weight']
  return `${response.statusCode} ${weight} ${body.trim()}`
}

test('a node says how many endpoints of the Service it has, and 503 when none', async () => {
  const { sockets, ports } = loopbackSockets()
  let isHealthy = true
  const deps = { sockets, netns: {} as Netns, log: silent, isHealthy: () => isHealthy }
  const checks = createHealthChecks(deps)
  await checks.set('shop/web', { port: 32_100, localEndpoints: 2 })
  const at = ports.get(32_100)!
  expect(await get(at, '/healthz/any')).toBe(
    '200 2 {"service":{"namespace":"shop","name":"web"},"localEndpoints":2,"serviceProxyHealthy":true}',
  )
  await checks.set('shop/web', { port: 32_100, localEndpoints: 0 })
  expect(await get(at)).toMatch(/^503 0 /)
  await checks.set('shop/web', { port: 32_100, localEndpoints: 1 })
  isHealthy = false
  expect(await get(at)).toMatch(/^503 1 .*"serviceProxyHealthy":false/)
  isHealthy = true
  await checks.set('shop/web', undefined)
  await expect(get(at)).rejects.toThrow('ECONNREFUSED')
  await checks.set('shop/other', { port: 1, localEndpoints: 1 })
  await checks.set('shop/web', { port: 32_101, localEndpoints: 1 })
  expect(await get(ports.get(32_101)!)).toMatch(/^200 1 /)
  checks.close()
})
