import type { TLSSocket } from 'node:tls'
import type { User } from '../auth/user.ts'
import { ANONYMOUS, AUTHENTICATED } from '../auth/user.ts'

const users = new WeakMap<TLSSocket, User>()

/**
 * Who a client certificate names: CN the user, O the groups. Without a certificate, nobody; undefined for one that is not
 * from the CA of clients, which is refused rather than taken for none.
 */
export function certificateUser(socket: TLSSocket): User | undefined {
  const known = users.get(socket)
  if (known) return known
  const subject = socket.getPeerCertificate().subject as unknown as Record<string, string | string[]> | undefined
  if (!subject || Object.keys(subject).length === 0) return ANONYMOUS
  if (!socket.authorized) return undefined
  const user: User = {
    name: list(subject.CN).at(-1) ?? '',
    groups: [...list(subject.O), AUTHENTICATED],
  }
  users.set(socket, user)
  return user
}

const list = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]
