import { connect, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { DialDriver } from './mod.ts'

export const systemDial: DialDriver = {
  dial: target =>
    new Promise((resolve, reject) => {
      const { host, port, timeoutMs } = target
      const socket: Socket = target.tls
        ? connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
        : connect({ host, port })
      const failed = (error: NodeJS.ErrnoException): void => {
        socket.destroy()
        reject(new Error(`dial tcp ${isIPv6(host) ? `[${host}]` : host}:${port}: ${reasonOf(error)}`))
      }
      const timer = setTimeout(() => failed(new Error('i/o timeout')), timeoutMs)
      socket.once('close', () => clearTimeout(timer))
      socket.once('error', failed)
      socket.once(target.tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        socket.off('error', failed)
        resolve(socket)
      })
    }),
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
  ETIMEDOUT: 'connect: connection timed out',
}

const reasonOf = (error: NodeJS.ErrnoException): string => REASONS[error.code ?? ''] ?? error.message
