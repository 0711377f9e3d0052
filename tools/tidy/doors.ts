import type { SourceFile } from './source.ts'
import { isTest, targetOf } from './source.ts'

/** What ARCHITECTURE.md says: per room the rooms it may import, and per pure folder the packages it may use. */
export interface Doors {
  readonly rooms: ReadonlyMap<string, readonly string[]>
  readonly pure: ReadonlyMap<string, readonly string[]>
}

/** Reads the tables whose headers start with `room` and `pure`. */
export function parseDoors(markdown: string): Doors {
  const table = (header: string): ReadonlyMap<string, readonly string[]> => {
    const lines = markdown.split('\n')
    const start = lines.findIndex(line => new RegExp(`^\\|\\s*${header}\\s*\\|`).test(line))
    if (start < 0) throw new Error(`ARCHITECTURE.md has no table with the header "${header}"`)
    const rows = new Map<string, readonly string[]>()
    for (const line of lines.slice(start + 2)) {
      if (!line.startsWith('|')) break
      const cells = line.split('|').map(cell => cell.trim())
      rows.set(cells[1]!.replaceAll('`', ''), cells.at(-2)!.split(/\s+/).filter(Boolean))
    }
    return rows
  }
  return { rooms: table('room'), pure: table('pure') }
}

const roomOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1]
const CONCRETE_HOST = /^src\/host\/[^/]+\/(?!mod\.ts$)/

/** Imports that go through no door. */
export function checkDoors(files: readonly SourceFile[], doors: Doors): string[] {
  return files.flatMap(file => [...wrongRooms(file, doors), ...impurities(file, doors)])
}

function wrongRooms(file: SourceFile, { rooms }: Doors): string[] {
  const room = roomOf(file.path)
  if (room === undefined || isTest(file.path)) return []
  const allowed = rooms.get(room)
  if (allowed === undefined) return [`${file.path}: the room "${room}" is not in ARCHITECTURE.md's table`]
  return file.imports.flatMap(({ specifier, line }) => {
    const target = targetOf(file.path, specifier)
    const into = target && roomOf(target)
    if (!target || into === undefined || into === room) return []
    const where = `${file.path}:${line}`
    if (!allowed.includes(into)) return [`${where}: ${room} may not import ${into} (${target})`]
    if (into === 'host' && room !== 'main' && CONCRETE_HOST.test(target))
      return [`${where}: only main builds a real host; import host/<thing>/mod.ts, not ${target}`]
    return []
  })
}

function impurities(file: SourceFile, { pure }: Doors): string[] {
  const folder = [...pure.keys()].find(name => file.path.startsWith(`src/${name}/`))
  if (folder === undefined || isTest(file.path)) return []
  const allowed = pure.get(folder)!
  return file.imports
    .filter(({ specifier, typeOnly }) => !specifier.startsWith('.') && !typeOnly && !allowed.includes(specifier))
    .map(({ specifier, line }) => `${file.path}:${line}: the pure room ${folder} may not use ${specifier}`)
}

const HOST_MODULES = new Set(['node:fs', 'node:fs/promises', 'node:net', 'node:dgram', 'node:child_process'])
const HOST_CALLS =
  /\bDate\.now\(|\bMath\.random\(|(?<!\.)\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(|new Date\(\)/

/** What only host/ and main may touch: disk, sockets, processes, time, chance. */
export function checkEffects(files: readonly SourceFile[], allowed: readonly string[]): string[] {
  return files
    .filter(file => /^src\/(?!host\/|main\/|main\.ts$)/.test(file.path))
    .filter(file => !isTest(file.path) && !allowed.includes(file.path))
    .flatMap(file => [
      ...file.imports
        .filter(({ specifier, typeOnly }) => HOST_MODULES.has(specifier) && !typeOnly)
        .map(({ specifier, line }) => `${file.path}:${line}: ${specifier} belongs to host/`),
      ...file.text.split('\n').flatMap((text, index) => {
        const call = HOST_CALLS.exec(text.replace(/\/\/.*|^\s*\*.*/, ''))
        return call ? [`${file.path}:${index + 1}: ${call[0]} belongs to host/ (pass a Clock or a driver in)`] : []
      }),
    ])
}
