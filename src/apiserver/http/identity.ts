import type { TLSSocket } from 'node:tls'
import type { Tokens } from '../auth/token/mod.ts'
import type { User } from '../auth/user.ts'
import { ANONYMOUS, AUTHENTICATED } from '../auth/user.ts'
import type { Authenticate } from './listener.ts'

/** A certificate, else a bearer token, else nobody. What is brought and does not hold is refused, not passed over. */
export const authenticateBy =
  (tokens: Tokens): Authenticate =>
  (socket, headers) => {
    const user = certificateUser(socket)
    if (user !== ANONYMOUS) return user
    const { authorization } = headers
    if (authorization === undefined) return ANONYMOUS
    const token = tokenOf(socket, authorization)
    return token === undefined ? ANONYMOUS : tokens.authenticate(token)?.user
  }

interface Bearer {
  readonly authorization: string
  readonly token: string | undefined
}

const bearers = new WeakMap<TLSSocket, Bearer>()

/** Most requests of a connection bring the same header, and comparing it takes less than reading and hashing it. */
function tokenOf(socket: TLSSocket, authorization: string): string | undefined {
  let known = bearers.get(socket)
  if (known?.authorization !== authorization) {
    known = { authorization, token: /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1] }
    bearers.set(socket, known)
  }
  return known.token
}

const users = new WeakMap<TLSSocket, User>()

/**
 * Who a client certificate names: CN the user, O the groups. Without a certificate, nobody; undefined for one that is not
 * from the CA of clients, which is refused rather than taken for none.
 */
export function certificateUser(socket: TLSSocket): User | undefined {
  const known = users.get(socket)
  if (known) return known
  const subject = socket.getPeerCertificate().subject as unknown as Record<string, string | string[]> | undefined
  if (!subject || Object.keys(subject).length === 0) {
    users.set(socket, ANONYMOUS)
    return ANONYMOUS
  }
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
