import type { Command, Expectation } from './command.ts'

const ANSWERS: Record<Exclude<Expectation, 'anything'>, RegExp> = {
  nothing: /^$/,
  registered: /^New server registered\.$/,
  deleted: /(^Server deleted\.$)|(^Certificate '.*' deleted!$)|(^Entry '.*' deleted in crtlist '.*'!$)/,
  success: /Success!$/,
  transaction: /^Transaction (created|updated) for certificate /,
  authorities: /^[Tt]ransaction (created|updated) for CA /,
  version: /^New version created: \d+$/,
}

/** Whether the answer says that the command did what it is for. */
export const accepts = ({ expect }: Command, answer: string): boolean =>
  expect === 'anything' || ANSWERS[expect].test(answer.trim())

/** A server that still has a request cannot be deleted yet: try again later. */
export const isBusyServer = (answer: string): boolean =>
  /still has connections attached|Only servers in maintenance/.test(answer)
export const isUnknownServer = (answer: string): boolean => /^No such (server|backend)/.test(answer.trim())

/** The number that `prepare map` answered. */
export function versionOf(answer: string): number | undefined {
  const match = /^New version created: (\d+)$/.exec(answer.trim())
  return match ? Number(match[1]) : undefined
}

/** `show info`: one `Name: value` a line. */
export function parseInfo(answer: string): Readonly<Record<string, string>> {
  const info: Record<string, string> = {}
  for (const line of answer.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) info[line.slice(0, colon)] = line.slice(colon + 2).trim()
  }
  return info
}

export interface ServerState {
  readonly backend: string
  readonly server: string
  readonly address: string
  readonly port: number
  /** In service: neither stopped nor in maintenance. */
  readonly up: boolean
  readonly maintenance: boolean
}

/** `show servers state`, format 1: a header line begins with `#`. */
export function parseServersState(answer: string): readonly ServerState[] {
  const [format, header, ...rows] = answer.trim().split('\n')
  if (format?.trim() !== '1' || !header?.startsWith('# ')) return []
  const columns = header.slice(2).trim().split(' ')
  return rows.map(row => {
    const cells = row.trim().split(' ')
    const cell = (column: string): string => cells[columns.indexOf(column)] ?? ''
    return {
      backend: cell('be_name'),
      server: cell('srv_name'),
      address: cell('srv_addr'),
      port: Number(cell('srv_port')),
      up: cell('srv_op_state') === '2',
      maintenance: (Number(cell('srv_admin_state')) & 1) !== 0,
    }
  })
}

/** `show map <name>`: an address in memory, the key, the value. */
export function parseMap(answer: string): readonly (readonly [key: string, value: string])[] {
  const entries: [string, string][] = []
  for (const line of answer.split('\n')) {
    const match = /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line)
    if (match) entries.push([match[1]!, match[2]!])
  }
  return entries
}

/** A table as CSV whose header begins with `# `: `show stat`. No cell of ours needs quotes. */
export function parseStat(answer: string): readonly Readonly<Record<string, string>>[] {
  const [header, ...rows] = answer.trim().split('\n')
  if (!header?.startsWith('# ')) return []
  const columns = header.slice(2).split(',')
  return rows.map(row => {
    const cells = row.split(',')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}

/** Nothing new in a line about what a command did: its answer says it. */
const IS_ECHO = /^(config : (Error\(s\) found|Fatal errors found)|CLI : )/

/** What HAProxy said on stderr when it refused a program, or of itself later, without its prefixes. */
export function parseAlerts(stderr: string): readonly string[] {
  return stderr
    .split('\n')
    .map(line => /^\[(?:ALERT|WARNING)\]\s+\(\d+\) : (.*)$/.exec(line)?.[1] ?? '')
    .filter(line => line !== '' && !IS_ECHO.test(line))
}
