import { parseIp } from '../../lib/ip.ts'
import type { Endpoint, RouterLine } from './journey.ts'

/** Reads a line of the router's access log (JSON); undefined when it is not one, or names no server. */
export function parseRouterLine(line: string): RouterLine | undefined {
  const fields = jsonOf(line)
  const from = endpoint(fields?.source)
  const server = endpoint(fields?.server)
  if (!from || !server || typeof fields?.status !== 'number') return undefined
  return { route: String(fields.route ?? ''), status: fields.status, from, server }
}

function jsonOf(line: string): Readonly<Record<string, unknown>> | undefined {
  const start = line.indexOf('{')
  try {
    return start < 0 ? undefined : (JSON.parse(line.slice(start)) as Record<string, unknown>)
  } catch {
    return undefined
  }
}

function endpoint(value: unknown): Endpoint | undefined {
  const match = typeof value === 'string' ? /^(.*):(\d+)$/.exec(value) : null
  const address = match && parseIp(match[1]!)
  return address ? { address, port: Number(match[2]) } : undefined
}
