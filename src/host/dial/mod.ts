import type { Duplex } from 'node:stream'

export interface DialTarget {
  /** An address, never a name. */
  readonly host: string
  readonly port: number
  /** TLS, whoever it is that answers: pods have no certificates that anybody vouches for. */
  readonly tls: boolean
  readonly timeoutMs: number
}

/** Connections from where this process is. */
export interface DialDriver {
  /** Rejects with an Error that says what went wrong, as "dial tcp 10.0.0.1:80: connect: connection refused". */
  dial(target: DialTarget): Promise<Duplex>
}
