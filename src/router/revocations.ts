import { X509Certificate } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import { certificatesIn } from '../model/routes/certificate.ts'
import {
  distributionPoints,
  type RevocationList,
  readRevocationList,
  unsignedRevocationList,
} from '../wire/x509/revocation.ts'

export interface RevocationDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly download: (url: string, timeoutMs: number) => Promise<Buffer>
}

/** The lists of revoked certificates that the authorities of clients name, kept as new as they say. */
export interface Revocations {
  /** PEM of authorities; those followed before are not followed any more. */
  follow(authorities: string | undefined): void
  /** PEM; undefined where no authority names a list. While one was never read, clients that its authority speaks for are refused. */
  lists(): string | undefined
  /** Resolves when each was asked for once, or that takes too long. */
  tried(): Promise<void>
  onChange(handler: () => void): () => void
  close(): void
}

const DOWNLOAD_MS = 30_000
const PATIENCE_MS = 5000
const RETRY_MS = 30_000
const LONGEST_MS = 3_600_000

export function createRevocations({ clock, log, download }: RevocationDeps): Revocations {
  const followed = new Map<string, { list?: RevocationList; cancel: () => void; tried: Promise<void> }>()
  const handlers = new Set<() => void>()
  const read = async (url: string): Promise<void> => {
    const before = followed.get(url)?.list
    let list = before
    try {
      list = readRevocationList(await download(url, DOWNLOAD_MS))
    } catch (error) {
      log.warn({ url, error: messageOf(error) }, 'a list of revoked certificates cannot be read')
    }
    const entry = followed.get(url)
    if (!entry) return
    const dueMs = (list?.nextMs ?? Number.POSITIVE_INFINITY) - clock.now()
    entry.cancel = clock.after(list === before ? RETRY_MS : Math.min(LONGEST_MS, Math.max(RETRY_MS, dueMs)), () => {
      void read(url)
    })
    if (list) entry.list = list
    if (list?.pem !== before?.pem) for (const handler of handlers) handler()
  }
  let known: string | undefined
  const follow = (authorities: string | undefined): void => {
    if (authorities === known) return
    known = authorities
    const wanted = new Set(urlsOf(authorities ?? ''))
    for (const [url, { cancel }] of followed)
      if (!wanted.has(url)) {
        cancel()
        followed.delete(url)
      }
    for (const url of wanted)
      if (!followed.has(url)) {
        const entry = { cancel: () => {}, tried: Promise.resolve() }
        followed.set(url, entry)
        entry.tried = Promise.race([read(url), clock.sleep(PATIENCE_MS)])
      }
  }
  return {
    follow,
    lists() {
      if (followed.size === 0) return undefined
      const read = [...followed.values()].flatMap(({ list }) => (list ? [list.pem] : []))
      return read.length > 0 ? read.join('') : unsignedRevocationList()
    },
    async tried() {
      await Promise.all([...followed.values()].map(({ tried }) => tried))
    },
    onChange(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    close: () => follow(undefined),
  }
}

/** Of authorities that were parsed and printed again. */
const urlsOf = (authorities: string): readonly string[] =>
  certificatesIn(authorities).flatMap(pem => distributionPoints(new X509Certificate(pem).raw))
