import {
  addCrtList,
  addMap,
  type Command,
  deleteCertificate,
  deleteCrtList,
  deleteMap,
  isPemPayload,
  type MapEntry,
  newAuthorities,
  newCertificate,
  setCertificate,
  setHealthChecks,
  setMap,
} from '../../wire/haproxy/command.ts'
import { isInline } from '../../wire/haproxy/token.ts'
import {
  type BackendLayout,
  type CertificateSpec,
  type Differences,
  entryOf,
  isAuthorities,
  isSent,
  type Layout,
  MAPS,
  type MapName,
  type ServerSpec,
} from '../layout/types.ts'
import { CERTIFICATES, DEFAULT_CERTIFICATE, mapEntries } from './program.ts'

/** What leads from one layout to another, in order. */
export type Step =
  | { readonly do: 'run'; readonly commands: readonly Command[] }
  | { readonly do: 'addServer'; readonly backend: string; readonly server: string; readonly spec: ServerSpec }
  /** No new requests at once; it goes when its last one has ended. */
  | { readonly do: 'removeServer'; readonly backend: string; readonly server: string }
  /** It goes when no server names it any more. */
  | { readonly do: 'removeServerFile'; readonly file: string }
  /** All entries change places with what the map holds, at once. */
  | { readonly do: 'replaceMap'; readonly map: MapName; readonly entries: readonly MapEntry[] }
  | { readonly do: 'addTargets'; readonly map: MapName; readonly entries: readonly MapEntry[] }
  /** They go when no request can be on its way to them: HAProxy's threads look up pointer and target one after the other. */
  | { readonly do: 'retireTargets'; readonly map: MapName; readonly entries: readonly MapEntry[] }

export type Change =
  | { readonly is: 'steps'; readonly steps: readonly Step[] }
  /** What only a new process can have. */
  | { readonly is: 'reload'; readonly why: string }

/**
 * How HAProxy comes from one layout to the next without a reload where that is possible. Only what is named differs. What is
 * pointed to comes before what points to it and goes after it: certificate, servers, maps; then the same backwards.
 */
export function changesBetween(from: Layout, to: Layout, { hosts, backends }: Differences): Change {
  const why = whyReload(from, to)
  if (why !== undefined) return { is: 'reload', why }
  const certificates: Command[] = defaultCertificateChange(from, to)
  const retired: Command[] = []
  const added: Step[] = []
  const removed: Step[] = []
  const maps = new Map<MapName, MapChange>(MAPS.map(map => [map, { add: [], set: [], remove: [] }]))
  for (const host of hosts) {
    const [old, next] = [from.parts.get(host), to.parts.get(host)]
    if (old === next) continue
    if (next?.certificate && !isSent(next.certificate, old?.certificate))
      return { is: 'reload', why: 'a certificate is too long' }
    certificateChange(old?.certificate, next?.certificate, certificates, retired)
    for (const map of MAPS) mapChange(old?.maps[map], next?.maps[map], maps.get(map)!)
  }
  for (const name of backends) serverChanges(name, from.backends.get(name), to.backends.get(name), added, removed)
  const fresh = [...newKeys(from.serverFiles, to.serverFiles)]
  if (fresh.some(file => !isPemPayload(to.serverFiles.get(file)!)))
    return { is: 'reload', why: 'a file that servers name is too long' }
  certificates.push(...fresh.flatMap(file => newServerFile(file, to.serverFiles.get(file)!)))
  for (const file of newKeys(to.serverFiles, from.serverFiles)) removed.push({ do: 'removeServerFile', file })
  const changed = new Map(MAPS.map(map => [map, { map, ...maps.get(map)! }]))
  const targets = TARGETS.map(map => changed.get(map)!)
  const pointers = POINTERS.map(map => changed.get(map)!)
  return {
    is: 'steps',
    steps: [
      ...run(certificates),
      ...added,
      ...targets.flatMap(({ map, add }) => (add.length > 0 ? [{ do: 'addTargets', map, entries: add } as const] : [])),
      ...pointers.flatMap(change => (isReplaced(change, to) ? [replacement(change, to)] : putEntries(change))),
      ...pointers.flatMap(change => (isReplaced(change, to) ? [] : dropEntries(change))),
      ...targets.flatMap(({ map, remove }) =>
        remove.length > 0 ? [{ do: 'retireTargets', map, entries: remove } as const] : [],
      ),
      ...run(retired),
      ...removed,
    ],
  }
}

/** Entries of the pointers name entries of the targets, so these come first and go last. What a target's key stands for never changes. */
const TARGETS = ['weights.map', 'canaries.map', 'allow.map', 'options.map'] as const satisfies readonly MapName[]
const POINTERS = ['claimed.map', 'http.map', 'https.map', 'sni.map'] as const satisfies readonly MapName[]

const run = (commands: readonly Command[]): readonly Step[] => (commands.length > 0 ? [{ do: 'run', commands }] : [])

function whyReload(from: Layout, to: Layout): string | undefined {
  if (JSON.stringify(from.listeners) !== JSON.stringify(to.listeners)) return 'the listeners changed'
  if ((from.defaultCertificate === undefined) !== (to.defaultCertificate === undefined))
    return 'the TLS listener came or went with its certificate'
  if (to.defaultCertificate !== from.defaultCertificate && !isPemPayload(to.defaultCertificate ?? ''))
    return 'the default certificate is too long'
  if (JSON.stringify(from.files) !== JSON.stringify(to.files))
    return 'error pages or the authorities of clients changed'
  if (from.isSorted !== to.isSorted) return 'TLS is passed through from now on'
  if (from.serviceCa?.file !== to.serviceCa?.file) return 'the authority of serving certificates changed'
  if (JSON.stringify(from.pools) !== JSON.stringify(to.pools)) return 'more backends are needed'
  return undefined
}

const defaultCertificateChange = (from: Layout, to: Layout): Command[] =>
  to.defaultCertificate === undefined || from.defaultCertificate === to.defaultCertificate
    ? []
    : [...setCertificate(DEFAULT_CERTIFICATE, to.defaultCertificate)]

function certificateChange(
  old: CertificateSpec | undefined,
  next: CertificateSpec | undefined,
  added: Command[],
  retired: Command[],
): void {
  if (next && next.file === old?.file) {
    if (next.pem !== old.pem) added.push(...setCertificate(next.file, next.pem))
    return
  }
  if (next) added.push(...newCertificate(next.file, next.pem), addCrtList(CERTIFICATES, entryOf(next)))
  if (old) retired.push(deleteCrtList(CERTIFICATES, old.file), deleteCertificate(old.file))
}

const newServerFile = (file: string, pem: string): readonly Command[] =>
  isAuthorities(file) ? newAuthorities(file, pem) : newCertificate(file, pem)

/** What the second has and the first has not. */
function* newKeys(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Iterable<string> {
  if (from !== to) for (const key of to.keys()) if (!from.has(key)) yield key
}

function serverChanges(
  backend: string,
  old: BackendLayout | undefined,
  next: BackendLayout | undefined,
  added: Step[],
  removed: Step[],
): void {
  for (const [server, spec] of next?.servers ?? []) {
    const known = old?.servers.get(server)
    if (!known) added.push({ do: 'addServer', backend, server, spec })
    else if (known.checked !== spec.checked)
      added.push({ do: 'run', commands: [setHealthChecks(backend, server, spec.checked)] })
  }
  for (const server of old?.servers.keys() ?? [])
    if (!next?.servers.has(server)) removed.push({ do: 'removeServer', backend, server })
}

interface MapChange {
  readonly add: MapEntry[]
  readonly set: MapEntry[]
  readonly remove: MapEntry[]
}

const EMPTY: ReadonlyMap<string, string> = new Map()

function mapChange(
  old: ReadonlyMap<string, string> = EMPTY,
  next: ReadonlyMap<string, string> = EMPTY,
  change: MapChange,
): void {
  for (const [key, value] of next) {
    const before = old.get(key)
    if (before === undefined) change.add.push([key, value])
    else if (before !== value) change.set.push([key, value])
  }
  for (const entry of old) if (!next.has(entry[0])) change.remove.push(entry)
}

type NamedChange = MapChange & { readonly map: MapName }

const putEntries = ({ map, add, set }: NamedChange): readonly Step[] =>
  run([...addMap(map, add), ...set.map(entry => setMap(map, entry))])
const dropEntries = ({ map, remove }: NamedChange): readonly Step[] => run(remove.map(([key]) => deleteMap(map, key)))
const replacement = ({ map }: NamedChange, to: Layout): Step => ({
  do: 'replaceMap',
  map,
  entries: [...mapEntries(to, map)],
})

/**
 * Setting and deleting walk a list and take their words inline, so a map with many changes, or with one that would be
 * syntax there, is replaced as a whole: about 2 us an entry, unnoticed by requests.
 */
export function isReplaced(
  {
    map,
    set,
    remove,
  }: { readonly map: MapName; readonly set: readonly MapEntry[]; readonly remove: readonly MapEntry[] },
  to: Layout,
): boolean {
  const isPlain =
    set.every(([key, value]) => isInline(key) && isInline(value)) && remove.every(([key]) => isInline(key))
  if (!isPlain) return true
  const many = set.length + remove.length
  return many > 64 && many * 8 > countEntries(to, map)
}

function countEntries(layout: Layout, map: MapName): number {
  let count = 0
  for (const part of layout.parts.values()) count += part.maps[map].size
  return count
}
