import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { systemDial } from './real.ts'

it('connects, or says as Go does why not', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const target = { host: '127.0.0.1', port, tls: false, timeoutMs: 5000 }
  const socket = await systemDial.dial(target)
  socket.destroy()
  await new Promise(resolve => server.close(resolve))
  await expect(systemDial.dial(target)).rejects.toThrow(`dial tcp 127.0.0.1:${port}: connect: connection refused`)
})
