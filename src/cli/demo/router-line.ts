import { parseIp } from '../../lib/ip.ts'
import type { Endpoint, RouterLine } from './journey.ts'

/** Reads a line of the router's access log; undefined when it is not one, or names no server. */
export function parseRouterLine(line: string): RouterLine | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`\\b${name}=("[^"]*"|\\S+)`).exec(line)?.[1]?.replaceAll('"', '')
  const from = endpoint(field('src'))
  const server = endpoint(field('dst'))
  const status = Number(field('status'))
  if (!from || !server || !Number.isInteger(status)) return undefined
  return { route: field('route') ?? '', status, from, server }
}

function endpoint(text: string | undefined): Endpoint | undefined {
  const match = /^(.*):(\d+)$/.exec(text ?? '')
  const address = match && parseIp(match[1]!)
  return address ? { address, port: Number(match[2]) } : undefined
}
