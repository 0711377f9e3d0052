import { readFileSync } from 'node:fs'
import type { Listener } from './mod.ts'

const FILES = [
  ['TCP', 'tcp'],
  ['TCP', 'tcp6'],
  ['UDP', 'udp'],
  ['UDP', 'udp6'],
] as const
/** TCP_LISTEN; a UDP socket that is connected has another. */
const LISTENING = { TCP: '0A', UDP: '07' } as const

/** In the namespace of the calling thread (proc_pid_net(5)). */
export const readListeners = (): readonly Listener[] =>
  FILES.flatMap(([protocol, file]) => {
    try {
      return parseListeners(protocol, readFileSync(`/proc/thread-self/net/${file}`, 'latin1'))
    } catch {
      // A kernel without IPv6 has no file of it.
      return []
    }
  })

/** Lines of /proc/net/tcp and the like: the second word is the local address, in 32-bit words of this machine's order, and port. */
export function parseListeners(protocol: Listener['protocol'], text: string): readonly Listener[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): readonly Listener[] => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      if (state !== LISTENING[protocol]) return []
      const [address = '', port = ''] = local.split(':')
      return [{ protocol, port: Number.parseInt(port, 16), isLoopback: isLoopback(address) }]
    })
}

/** The first byte of 127.0.0.1 comes last in its word; ::1 and ::ffff:127.0.0.1 by their words. */
const isLoopback = (hex: string): boolean =>
  hex.length === 8
    ? hex.endsWith('7F')
    : hex === '00000000000000000000000001000000' || /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(hex)
