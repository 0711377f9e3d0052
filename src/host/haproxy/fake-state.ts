import type { Command } from '../../wire/haproxy/command.ts'
import type { Program } from './mod.ts'

export interface FakeServer {
  readonly endpoint: string
  readonly hasCheck: boolean
  checking: boolean
  maintenance: boolean
  busy: boolean
  /** Without weight it gets no requests. */
  hasWeight: boolean
}

export interface FakeState {
  readonly backends: Map<string, Map<string, FakeServer>>
  /** Entries in order: equal keys may stand in one map. */
  readonly maps: Map<string, [key: string, value: string][]>
  readonly certificates: Map<string, string>
  /** PEM by file, of what servers are verified by. */
  readonly authorities: Map<string, string>
  /** Lines by list and file. */
  readonly crtLists: Map<string, Map<string, string>>
  readonly versions: Map<string, [string, string][]>
  readonly transactions: Map<string, string>
}

/** The state a process has that was started with this program; what HAProxy would refuse is added to alerts. */
export function readProgram(program: Program, alerts: string[]): FakeState {
  const state: FakeState = {
    backends: new Map(),
    maps: new Map(),
    certificates: new Map(),
    authorities: new Map(),
    crtLists: new Map(),
    versions: new Map(),
    transactions: new Map(),
  }
  for (const [file, text] of program.files) {
    const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    if (file.endsWith('.map')) state.maps.set(file, lines.map(splitEntry))
    else if (file.endsWith('.list')) state.crtLists.set(file, new Map(lines.map(line => [line.split(' ')[0]!, line])))
    else if (isCertificate(text)) state.certificates.set(file, text)
    else if (file.startsWith('ca/')) state.authorities.set(file, text)
    else if (file.endsWith('.lua')) continue
    else alerts.push(`config : unable to load certificate from file '${file}'.`)
  }
  readSections(program.config, state, alerts)
  for (const list of state.crtLists.values())
    for (const file of list.keys())
      if (!state.certificates.has(file)) alerts.push(`config : unable to stat SSL certificate from file '${file}'.`)
  return state
}

const splitEntry = (line: string): [string, string] => {
  const blank = line.indexOf(' ')
  return [line.slice(0, blank), line.slice(blank + 1)]
}
const isCertificate = (text: string): boolean =>
  text.includes('BEGIN CERTIFICATE') && /BEGIN (EC |RSA )?PRIVATE KEY/.test(text)

function readSections(config: string, state: FakeState, alerts: string[]): void {
  let servers: Map<string, FakeServer> | undefined
  for (const line of config.split('\n')) {
    const words = line.trim().split(' ')
    if (line !== '' && !line.startsWith(' ')) {
      servers = words[0] === 'backend' ? new Map() : undefined
      if (servers) state.backends.set(words[1]!, servers)
      if (!['global', 'defaults', 'frontend', 'backend', 'listen'].includes(words[0]!))
        alerts.push(`config : parsing [haproxy.cfg:1] : unknown keyword '${words[0]}' out of section.`)
    } else if (servers && words[0] === 'server') {
      const hasCheck = words.includes('check')
      servers.set(words[1]!, {
        endpoint: words[2]!,
        hasCheck,
        checking: hasCheck,
        maintenance: false,
        busy: false,
        hasWeight: true,
      })
    }
  }
}

/** What HAProxy 2.6 answers; the words are those that `wire/haproxy/answer` reads. */
export function answerTo(state: FakeState, { line, payload = [] }: Command, pid: number): string {
  const words = line.split(' ')
  const verb = VERBS.find(({ start }) => line === start || line.startsWith(`${start} `))
  if (!verb) return 'Unknown command, but maybe one of the following ones is a better match:'
  return verb.answer(state, words.slice(verb.start.split(' ').length), payload, pid)
}

type Answer = (state: FakeState, words: readonly string[], payload: readonly string[], pid: number) => string

const onServer =
  (f: (server: FakeServer, servers: Map<string, FakeServer>, name: string) => string): Answer =>
  (state, [target = '']) => {
    const [backend, name] = target.split('/') as [string, string]
    const server = state.backends.get(backend)?.get(name)
    return server ? f(server, state.backends.get(backend)!, name) : 'No such server.'
  }

const onMap =
  (f: (entries: [string, string][], words: readonly string[], payload: readonly string[]) => string): Answer =>
  (state, [map = '', ...words], payload) => {
    const entries = state.maps.get(map)
    return entries ? f(entries, words, payload) : 'Unknown map identifier. Please use #<id> or <file>.'
  }

const VERBS: readonly { readonly start: string; readonly answer: Answer }[] = [
  { start: 'add server', answer: addServer },
  { start: 'set server', answer: onServer(server => set(() => (server.hasWeight = true))) },
  { start: 'enable server', answer: onServer(server => set(() => (server.maintenance = false))) },
  { start: 'disable server', answer: onServer(server => set(() => (server.maintenance = true))) },
  { start: 'enable health', answer: onServer(enableHealth) },
  { start: 'disable health', answer: onServer(server => set(() => (server.checking = false))) },
  { start: 'del server', answer: onServer(deleteServer) },
  { start: 'prepare map', answer: prepareMap },
  { start: 'commit map', answer: commitMap },
  { start: 'add map', answer: addMap },
  { start: 'set map', answer: onMap(setMap) },
  { start: 'del map', answer: onMap(deleteMap) },
  { start: 'show map', answer: onMap(entries => entries.map(([key, value]) => `0x1 ${key} ${value}`).join('\n')) },
  { start: 'new ssl cert', answer: newCertificate },
  { start: 'set ssl cert', answer: setCertificate },
  { start: 'commit ssl cert', answer: commitCertificate },
  { start: 'abort ssl cert', answer: abortCertificate },
  { start: 'del ssl cert', answer: deleteCertificate },
  { start: 'new ssl ca-file', answer: newAuthorities },
  { start: 'set ssl ca-file', answer: setAuthorities },
  { start: 'commit ssl ca-file', answer: (_state, [file]) => `Committing ${file}\nSuccess!` },
  { start: 'del ssl ca-file', answer: deleteAuthorities },
  { start: 'add ssl crt-list', answer: addCrtList },
  { start: 'del ssl crt-list', answer: deleteCrtList },
  { start: 'show info', answer: (_state, _words, _payload, pid) => `Name: HAProxy\nVersion: 2.6.12-fake\nPid: ${pid}` },
  { start: 'show servers state', answer: showServers },
  { start: 'show stat', answer: () => '# pxname,svname,stot' },
]

function set(change: () => void): string {
  change()
  return ''
}

function addServer(state: FakeState, [target = '', endpoint = '', ...options]: readonly string[]): string {
  const [backend, name] = target.split('/') as [string, string]
  const servers = state.backends.get(backend)
  if (!servers) return 'No such backend.'
  if (servers.has(name)) return 'Already exists a server with the same name in backend.'
  servers.set(name, {
    endpoint,
    hasCheck: options.includes('check'),
    checking: false,
    maintenance: true,
    busy: false,
    hasWeight: !options.join(' ').includes('weight 0'),
  })
  return 'New server registered.'
}

function enableHealth(server: FakeServer): string {
  if (!server.hasCheck) return 'Health check was not configured on this server, cannot enable.'
  server.checking = true
  return ''
}

function deleteServer(server: FakeServer, servers: Map<string, FakeServer>, name: string): string {
  if (!server.maintenance) return 'Only servers in maintenance mode can be deleted.'
  if (server.busy) return 'Server still has connections attached to it, cannot remove it.'
  servers.delete(name)
  return 'Server deleted.'
}

function prepareMap(state: FakeState, [map = '']: readonly string[]): string {
  if (!state.maps.has(map)) return 'Unknown map identifier. Please use #<id> or <file>.'
  const version = state.versions.size + 1
  state.versions.set(`@${version} ${map}`, [])
  return `New version created: ${version}`
}

function commitMap(state: FakeState, [version = '', map = '']: readonly string[]): string {
  const entries = state.versions.get(`${version} ${map}`)
  if (!entries) return 'Version number out of range.'
  state.maps.set(map, entries)
  state.versions.set(`${version} ${map}`, [])
  return ''
}

function addMap(state: FakeState, words: readonly string[], payload: readonly string[]): string {
  const [first = '', second = ''] = words
  const entries = first.startsWith('@') ? state.versions.get(`${first} ${second}`) : state.maps.get(first)
  if (!entries) return 'Unknown map identifier. Please use #<id> or <file>.'
  entries.push(...payload.map(splitEntry))
  return ''
}

function setMap(entries: [string, string][], [key, value = '']: readonly string[]): string {
  const found = entries.filter(entry => entry[0] === key)
  for (const entry of found) entry[1] = value
  return found.length > 0 ? '' : 'entry not found.'
}

function deleteMap(entries: [string, string][], [key]: readonly string[]): string {
  const left = entries.filter(entry => entry[0] !== key)
  if (left.length === entries.length) return 'Key not found.'
  entries.splice(0, entries.length, ...left)
  return ''
}

function newCertificate(state: FakeState, [file = '']: readonly string[]): string {
  if (state.certificates.has(file)) return `Certificate '${file}' already exists!`
  state.certificates.set(file, '')
  return `New empty certificate store '${file}'!`
}

function setCertificate(state: FakeState, [file = '']: readonly string[], payload: readonly string[]): string {
  if (!state.certificates.has(file)) return `Can't replace a certificate which is not referenced by the configuration!`
  state.transactions.set(file, payload.join('\n'))
  return `Transaction created for certificate ${file}!`
}

function commitCertificate(state: FakeState, [file = '']: readonly string[]): string {
  const text = state.transactions.get(file) ?? ''
  if (!isCertificate(text))
    return `The transaction must contain at least a certificate and a private key!\nCan't commit ${file}!`
  state.transactions.delete(file)
  state.certificates.set(file, text)
  return `Committing ${file}\nSuccess!`
}

function abortCertificate(state: FakeState, [file = '']: readonly string[]): string {
  return state.transactions.delete(file) ? `Transaction aborted for certificate '${file}'!` : 'No ongoing transaction!'
}

function deleteCertificate(state: FakeState, [file = '']: readonly string[]): string {
  const inUse = [...state.crtLists.values()].some(list => list.has(file))
  if (inUse) return `Can't remove the certificate: certificate '${file}' in use, can't be deleted!`
  if (!state.certificates.delete(file)) return `Can't remove the certificate: certificate '${file}' doesn't exist!`
  return `Certificate '${file}' deleted!`
}

function newAuthorities(state: FakeState, [file = '']: readonly string[]): string {
  if (state.authorities.has(file)) return `CA file '${file}' already exists!`
  state.authorities.set(file, '')
  return `New CA file created '${file}'!`
}

function setAuthorities(state: FakeState, [file = '']: readonly string[], payload: readonly string[]): string {
  if (!state.authorities.has(file)) return `Can't replace a ca-file which is not referenced by the configuration!`
  state.authorities.set(file, payload.join('\n'))
  return `transaction created for CA ${file}!`
}

function deleteAuthorities(state: FakeState, [file = '']: readonly string[]): string {
  return state.authorities.delete(file) ? `CA file '${file}' deleted!` : `No such CA file '${file}'`
}

function addCrtList(state: FakeState, [list = '']: readonly string[], [line = '']: readonly string[]): string {
  const file = line.split(' ')[0]!
  if (!state.certificates.get(file)) return `Can't edit the crt-list: certificate '${file}' does not exist!`
  state.crtLists.get(list)?.set(file, line)
  return `Inserting certificate '${file}' in crt-list '${list}'.\nSuccess!`
}

function deleteCrtList(state: FakeState, [list = '', file = '']: readonly string[]): string {
  const had = state.crtLists.get(list)?.delete(file)
  return had ? `Entry '${file}' deleted in crtlist '${list}'!` : `Can't delete the entry: '${file}' doesn't exist!`
}

function showServers(state: FakeState): string {
  const rows = ['1', '# be_name srv_name srv_addr srv_op_state srv_admin_state srv_port']
  for (const [backend, servers] of state.backends)
    for (const [name, server] of servers) {
      const colon = server.endpoint.lastIndexOf(':')
      const address = server.endpoint.slice(0, colon).replace(/[[\]]/g, '')
      const flags = server.maintenance ? '0 1' : '2 0'
      rows.push(`${backend} ${name} ${address} ${flags} ${server.endpoint.slice(colon + 1)}`)
    }
  return rows.join('\n')
}
