import type { FsDriver } from '../../host/fs/mod.ts'
import type { LinkState } from '../../host/link/mod.ts'

/** The number of a routing table by its number or name; undefined: the node knows none. */
export type TableOf = (network: string) => number | undefined

/** Where iproute2 reads names, later ones going before earlier ones. Source: ip-route(8). */
const FOLDERS = ['/usr/lib/iproute2', '/usr/share/iproute2', '/etc/iproute2']
const BUILT_IN = { default: 253, main: 254, local: 255 } as const

/** By number, by the name of a VRF of the node, or by a name in its rt_tables. Files are read when somebody asks for a name. */
export function routingTables(fs: Pick<FsDriver, 'read' | 'list'>, links: readonly LinkState[]): TableOf {
  let named: ReadonlyMap<string, number> | undefined
  return network => {
    const number = numberOf(network)
    if (number !== undefined) return number
    named ??= new Map([
      ...Object.entries(BUILT_IN),
      ...FOLDERS.flatMap(folder => namesIn(fs, folder)),
      ...links.flatMap(({ name, table }) => (table === undefined ? [] : [[name, table] as const])),
    ])
    return named.get(network)
  }
}

function namesIn(fs: Pick<FsDriver, 'read' | 'list'>, folder: string): readonly (readonly [string, number])[] {
  const more = fs.list(`${folder}/rt_tables.d`).filter(name => name.endsWith('.conf') && !name.startsWith('.'))
  return [`${folder}/rt_tables`, ...more.map(name => `${folder}/rt_tables.d/${name}`)].flatMap(path =>
    String(fs.read(path) ?? '')
      .split('\n')
      .flatMap(line => {
        const [text = '', name = ''] = line.replace(/#.*/, '').trim().split(/\s+/)
        const number = numberOf(text)
        return number === undefined || name === '' ? [] : [[name, number] as const]
      }),
  )
}

function numberOf(text: string): number | undefined {
  if (!/^(\d{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text)) return undefined
  const number = Number(text)
  return number > 0 && number < 2 ** 32 ? number : undefined
}
