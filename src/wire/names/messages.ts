import type { Ip } from '../../lib/ip.ts'

/**
 * What nodes and DNS servers tell each other of the names that policy speaks of: JSON, a line each. The node connects; what it
 * says replaces what it said before.
 */
export type FromNode =
  | {
      readonly is: 'hello'
      /** Answered by `heard` with the same number. */
      readonly number: number
      readonly node: string
      /** Of its pods, as CIDRs. */
      readonly networks: readonly string[]
      /** Keys of patterns of names. */
      readonly patterns: readonly string[]
    }
  /** The kernel admits what was told under this number; or it could not be made to. */
  | { readonly is: 'admitted' | 'failed'; readonly number: number }

export interface NamedAddress {
  readonly address: Ip
  readonly ttlSeconds: number
}

export type FromServer =
  | { readonly is: 'heard'; readonly number: number }
  /** A pod of the node is about to be told that the name leads there. */
  | {
      readonly is: 'learn'
      readonly number: number
      readonly name: string
      readonly addresses: readonly NamedAddress[]
    }

/** Tens of thousands of names fit. */
const MAX_LINE = 1 << 24

export const lineOf = (message: FromNode | FromServer): string => `${JSON.stringify(message)}\n`

/**
 * Cuts a stream into messages. `onWrong`: what came is not one, or never ends. The other side is a part of the same program, so
 * the shape beyond that is taken on trust.
 */
export function createLines<M extends FromNode | FromServer>(
  onMessage: (message: M) => void,
  onWrong: () => void,
): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let held = 0
  const take = (line: string): void => {
    try {
      onMessage(JSON.parse(line) as M)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      onWrong()
    }
  }
  return chunk => {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString('utf8')
      parts = []
      held = 0
      rest = rest.subarray(end + 1)
      take(line)
    }
    if (rest.length === 0) return
    parts.push(rest)
    held += rest.length
    if (held > MAX_LINE) onWrong()
  }
}

const NEWLINE = 10
