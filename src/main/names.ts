import type { Client } from '../client/mod.ts'
import type { NamesDoor } from '../dns/names/doors.ts'
import { tlsDoor } from '../dns/names/tls-door.ts'
import type { FsDriver } from '../host/fs/mod.ts'
import { UserError } from '../lib/errors.ts'
import type { Logger } from '../lib/log.ts'
import type { NamesFrom } from '../node/network/policy/servers/servers.ts'
import type { NodeOptions } from '../twin/roles.ts'
import type { RealHost } from './host.ts'

/** Of a DNS server that tells agents of other machines of names; all, or none. Of each flag, without its dashes, what it means. */
export const DOOR_HELP = {
  'names-port': 'where agents come to hear of names that policies speak of; all four --names-* belong together',
  'names-certificate': 'file: the certificate that agents see',
  'names-key': 'file: its key',
  'names-agents': 'namespace/name of the ServiceAccount whose tokens agents show',
} as const
export const DOOR_FLAGS = Object.keys(DOOR_HELP) as readonly (keyof typeof DOOR_HELP)[]

/** The way for agents to this DNS server that its flags ask for. Throws UserError when some are missing or wrong. */
export function doorOf(
  values: ReadonlyMap<string, string>,
  { client, host, log }: { readonly client: Client; readonly host: RealHost; readonly log: Logger },
): NamesDoor | undefined {
  if (!DOOR_FLAGS.some(flag => values.has(flag))) return undefined
  const [port, cert, key, agents] = DOOR_FLAGS.map(flag => values.get(flag) ?? missing('dns', flag, DOOR_FLAGS)) as [
    string,
    string,
    string,
    string,
  ]
  if (!/^[1-9]\d*$/.test(port) || Number(port) > 65_535) throw new UserError('Usage', `--names-port=${port} is no port`)
  const text = textIn(host.fs)
  return tlsDoor(
    { ...host, client, log },
    {
      netns: host.netns.home,
      port: Number(port),
      pair: () => ({ cert: text(cert), key: text(key) }),
      agents: keyOf('names-agents', agents),
    },
  )
}

const SERVICE_FLAGS = ['names-service', 'names-authority', 'names-token'] as const

/** Where an agent's options say that names are told of. Throws UserError when some are missing or wrong. */
export function namesOf(options: NodeOptions, fs: FsDriver): NamesFrom | undefined {
  const { namesSocket, namesService, namesAuthority, namesToken } = options
  if (namesSocket !== undefined) return { socket: namesSocket }
  if ((namesService ?? namesAuthority ?? namesToken) === undefined) return undefined
  const [service, authority, token] = [namesService, namesAuthority, namesToken].map(
    (value, i) => value ?? missing('node', SERVICE_FLAGS[i]!, SERVICE_FLAGS),
  ) as [string, string, string]
  const text = textIn(fs)
  return { service: keyOf('names-service', service), authority: () => text(authority), token: () => text(token) }
}

const textIn =
  (fs: FsDriver) =>
  (path: string): string => {
    const found = fs.read(path)
    if (!found) throw new Error(`there is no file ${path}`)
    return found.toString('utf8')
  }

function keyOf(flag: string, text: string): { readonly namespace: string; readonly name: string } {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? []
  if (!namespace || !name) throw new UserError('Usage', `--${flag}=${text} is no namespace/name`)
  return { namespace, name }
}

function missing(role: string, flag: string, all: readonly string[]): never {
  throw new UserError('Usage', `${role}: --${flag} is missing`, {
    hint: `${all.map(each => `--${each}`).join(', ')} belong together`,
  })
}
