import type { BuiltinContext } from '../mod.ts'
import type { Directive } from './parse.ts'
import { parseNginx } from './parse.ts'

/** What is inherited from around a location, and what it says itself. */
export interface Location {
  readonly match: '=' | '^~' | '~' | '~*' | ''
  readonly path: string
  readonly directives: readonly Directive[]
}

export interface Server {
  readonly ports: readonly { readonly port: number; readonly isTls: boolean; readonly isDefault: boolean }[]
  readonly names: readonly string[]
  readonly directives: readonly Directive[]
  readonly locations: readonly Location[]
}

const MAIN = '/etc/nginx/nginx.conf'
const FOLDER = '/etc/nginx/conf.d'

/** The servers of a configuration that is mounted into the container; undefined where none is. Throws where it is wrong. */
export function mountedServers(context: Pick<BuiltinContext, 'file' | 'entries'>): readonly Server[] | undefined {
  const main = context.file(MAIN)?.toString('utf8')
  const fragments = (pattern: string): readonly Directive[] => {
    const folder = pattern.slice(0, pattern.lastIndexOf('/'))
    const ending = pattern.slice(pattern.lastIndexOf('*') + 1)
    const paths = pattern.includes('*')
      ? context
          .entries(folder)
          .filter(name => name.endsWith(ending))
          .toSorted()
          .map(name => `${folder}/${name}`)
      : [pattern]
    return paths.flatMap(path => {
      const text = context.file(path)?.toString('utf8')
      return text === undefined ? [] : included(parseNginx(text, path))
    })
  }
  const included = (directives: readonly Directive[]): readonly Directive[] =>
    directives.flatMap(one => {
      if (one.name === 'include') return one.args[0]?.startsWith('/') ? fragments(one.args[0]) : []
      return [one.block ? { ...one, block: included(one.block) } : one]
    })
  const all = main === undefined ? fragments(`${FOLDER}/*.conf`) : included(parseNginx(main, MAIN))
  const http = main === undefined ? all : all.filter(({ name }) => name === 'http').flatMap(({ block = [] }) => block)
  const servers = http.filter(({ name }) => name === 'server').map(({ block = [] }) => serverOf(block, http))
  return main === undefined && servers.length === 0 ? undefined : servers
}

function serverOf(block: readonly Directive[], http: readonly Directive[]): Server {
  const own = block.filter(({ name }) => name !== 'location')
  const listens = block.filter(({ name }) => name === 'listen').map(({ args }) => args)
  return {
    ports: (listens.length > 0 ? listens : [['80']]).map(([place = '80', ...flags]) => ({
      port: Number(/(\d+)$/.exec(place.replace(/^\[.*\]$/, '80'))?.[1] ?? 80),
      isTls: flags.includes('ssl'),
      isDefault: flags.includes('default_server'),
    })),
    names: block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args),
    directives: [...http.filter(one => one.block === undefined), ...own],
    locations: block.filter(({ name }) => name === 'location').map(locationOf),
  }
}

const NESTED = /\([^)]*[+*{][^)]*\)[+*{]/

function locationOf({ args, block = [] }: Directive): Location {
  const [first = '/', second] = args
  const match = /^(=|\^~|~|~\*)$/.test(first) && second !== undefined ? (first as Location['match']) : ''
  // One thread serves all pods: a pattern that may take for ever would hold up every one of them.
  if (match.startsWith('~') && NESTED.test(second ?? ''))
    throw new Error(`[emerg] location ${JSON.stringify(second)}: repeated repetition is not supported here`)
  return { match, path: match === '' ? first : second!, directives: block }
}

/** By the rules of nginx: exact, then the longest prefix if it says so, then patterns in their order, then the longest prefix. */
export function locationFor({ locations }: Server, path: string): Location | undefined {
  const exact = locations.find(one => one.match === '=' && one.path === path)
  if (exact) return exact
  const prefixes = locations.filter(one => (one.match === '' || one.match === '^~') && path.startsWith(one.path))
  const longest = prefixes.toSorted((a, b) => b.path.length - a.path.length)[0]
  if (longest?.match === '^~') return longest
  const pattern = locations.find(
    one => (one.match === '~' || one.match === '~*') && new RegExp(one.path, one.match === '~*' ? 'i' : '').test(path),
  )
  return pattern ?? longest
}

/** The server of a port that answers to the name; the default one, or the first, where none does. */
export function serverFor(servers: readonly Server[], port: number, host: string): Server {
  const here = servers.filter(({ ports }) => ports.some(one => one.port === port))
  const answers = ({ names }: Server): boolean =>
    names.some(name => name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))))
  return (
    here.find(answers) ?? here.find(({ ports }) => ports.some(one => one.port === port && one.isDefault)) ?? here[0]!
  )
}
