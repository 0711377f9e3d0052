import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { hostAsked } from './asked-host.ts'

/** What a real client says first. */
function clientHello(servername: string): Promise<Buffer> {
  return new Promise(resolve => {
    const socket = new Duplex({
      read() {},
      write: (chunk, _, done) => {
        resolve(chunk)
        done()
      },
    })
    connect({ socket, servername, rejectUnauthorized: false }).on('error', () => {})
  })
}

test('the Host of HTTP, in whatever case and with its port', () => {
  expect(hostAsked(Buffer.from('GET / HTTP/1.1\r\naccept: *\r\nhOsT: Shop.Ext.Fairlead.Test:8080\r\n\r\n'))).toBe(
    'shop.ext.fairlead.test',
  )
  expect(hostAsked(Buffer.from('GET / HTTP/1.0\r\n\r\n'))).toBe('')
})

test('the name in a ClientHello; none wherever it is cut short', async () => {
  const hello = await clientHello('shop.ext.fairlead.test')
  expect(hostAsked(hello)).toBe('shop.ext.fairlead.test')
  for (let length = 0; length < hello.length; length++)
    expect('shop.ext.fairlead.test').toContain(hostAsked(hello.subarray(0, length)))
})
