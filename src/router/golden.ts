import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiObject } from '../schema/kind.ts'
import { encode } from '../wire/haproxy/dialogue.ts'
import type { Listeners } from './layout/types.ts'
import { changesBetween, type Step } from './render/changes.ts'
import { type ProgramText, renderProgram } from './render/program.ts'
import { createWorld, readObjects } from './testing.ts'

const FOLDER = join(import.meta.dirname, 'testdata')

export const goldenCases = (): readonly string[] =>
  readdirSync(FOLDER)
    .filter(file => file.endsWith('.in.yaml'))
    .map(file => file.slice(0, -'.in.yaml'.length))

export interface GoldenRun {
  /** The program of the state before the first `=== then`. */
  readonly program: ProgramText
  /** The program, shortened to what the case is about, and the commands of each step. */
  readonly text: string
}

/** Plans a case's states one after another, as a router would. */
export function runCase(name: string, defaultCertificate: string): GoldenRun {
  const [first = '', ...later] = readFileSync(join(FOLDER, `${name}.in.yaml`), 'utf8').split('=== then\n')
  const world = createWorld({ wildcards: true }, name.startsWith('ingress') ? { ingress: true } : {})
  world.planner.setDefaultCertificate(defaultCertificate)
  setAll(world, first)
  let { layout } = world.planner.plan()
  const program = renderProgram(layout)
  let text = filesText(program)
  for (const state of later) {
    setAll(world, state)
    const next = world.planner.plan()
    const change = changesBetween(layout, next.layout, next)
    text += `\n=== then\n${change.is === 'reload' ? `reload: ${change.why}\n` : change.steps.map(stepText).join('')}`
    layout = next.layout
  }
  return { program, text }
}

function setAll(world: ReturnType<typeof createWorld>, text: string): void {
  for (const object of readObjects(text) as (ApiObject & { readonly deleted?: boolean })[])
    if (object.deleted) world.remove(object)
    else world.set(object)
}

/** What an IngressController may say of its routers, one feature each. */
export const FEATURES: Readonly<Record<string, Partial<Listeners>>> = {
  http2: { http2Always: true },
  alias: { alias: 'apps.fairlead.localhost' },
  silent: { accessLog: false },
  never: { forwarded: 'never' },
  replace: { forwarded: 'replace' },
  proxied: { settings: { acceptProxy: true } },
  counted: { settings: { countAlways: true } },
  balanced: { settings: { proxyFrom: ['192.0.2.0/24', '2001:db8::/32'] } },
  tls: { settings: { tls: { minVersion: 'TLSv1.3', suites: ['TLS_AES_128_GCM_SHA256'] } } },
  clients: { settings: { clientTls: { verify: 'required', authorities: 'a/b', subjects: ['^/CN=a$', "it's"] } } },
  times: {
    threads: 2,
    settings: {
      times: {
        client: 1000,
        clientFin: 1100,
        server: 2000,
        serverFin: 2100,
        tunnel: 3000,
        connect: 400,
        keepAlive: 450,
        inspect: 500,
        check: 600,
      },
    },
  },
  buffers: { settings: { buffers: { size: 65_536, rewrite: 16_384 } } },
  identity: { settings: { uniqueId: { header: 'X-Id', format: '%{+X}o\\ %ci:%cp' } } },
  cases: { settings: { caseAdjustments: ['Host', 'X-Forwarded-For'] } },
  actions: {
    settings: {
      actions: {
        request: [{ header: 'X-A', value: "it's %[req.hdr(Host),lower] 100%%" }, { header: 'X-B' }],
        response: [{ header: 'X-C', value: 'DENY' }],
      },
    },
  },
  compression: { settings: { compress: ['text/html', 'application/json; charset=utf-8'] } },
  connections: { settings: { ignoreEmpty: true, deferIdle: true, abortClosed: true } },
  captured: {
    settings: {
      log: {
        requestHeaders: [{ name: 'X-A', maxLength: 20 }],
        responseHeaders: [{ name: 'Server', maxLength: 20 }],
        cookie: { name: 'session=', maxLength: 64 },
      },
    },
  },
  syslog: {
    settings: {
      log: {
        syslog: '192.0.2.1:514',
        facility: 'local3',
        maxLength: 1024,
        format: '%ci %HM "%HP" %ST',
        ignoreEmpty: false,
        requestHeaders: [{ name: 'X-A', maxLength: 20 }],
        responseHeaders: [{ name: 'Server', maxLength: 20 }],
        cookie: { name: 'session', maxLength: 64 },
      },
    },
  },
}

/** A program with this feature and nothing else, one Route passed through so that there is a sorter too. */
export function featureProgram(feature: string, defaultCertificate: string): ProgramText {
  const world = createWorld({}, FEATURES[feature])
  world.planner.setDefaultCertificate(defaultCertificate)
  world.planner.setFiles({
    clientAuthorities: defaultCertificate.slice(0, defaultCertificate.indexOf('-----BEGIN PRIV')),
  })
  for (const object of readObjects(PASSED)) world.set(object)
  return renderProgram(world.planner.plan().layout)
}

const PASSED = `
kind: Route
metadata: { name: passed }
spec: { host: passed.example.com, to: { name: web }, tls: { termination: passthrough } }
`

/** The lines that a program has and the plain one has not, and the other way round. */
export function difference(plain: ProgramText, other: ProgramText): string {
  const lines = ({ config }: ProgramText): readonly string[] => [...new Set(config.split('\n'))]
  const [before, after] = [lines(plain), lines(other)]
  const gone = before.filter(line => !after.includes(line)).map(line => `-${line}`)
  return [...gone, ...after.filter(line => !before.includes(line)).map(line => `+${line}`), ''].join('\n')
}

/** Backends without servers and certificates say nothing about a case. */
function filesText({ config, files }: ProgramText): string {
  const backends = config.split('\n\n').filter(section => /^backend/.test(section) && section.includes(' server '))
  const shown = [...files].filter(
    ([file, text]) =>
      (text !== '' || !['claimed.map', 'canaries.map'].includes(file)) &&
      !file.endsWith('.pem') &&
      !file.startsWith('cookie'),
  )
  return `${backends.join('\n\n')}\n${shown.map(([file, content]) => `--- ${file}\n${content}`).join('')}`
}

function stepText(step: Step): string {
  if (step.do === 'run')
    return step.commands
      .map(encode)
      .join('')
      .replace(/^[A-Za-z0-9+/=]{20,}\n/gm, '')
  if ('entries' in step) return `(${step.do} ${step.map})\n${step.entries.map(entry => entry.join(' ')).join('\n')}\n`
  if (step.do === 'removeServerFile') return `(remove ${step.file})\n`
  if (step.do === 'removeServer') return `(remove server ${step.backend}/${step.server})\n`
  const { address, port, checked } = step.spec
  return `(add server ${step.backend}/${step.server} ${address}:${port} checked=${checked})\n`
}

/** The text that was agreed on; UPDATE_GOLDEN=1 writes it anew, for the diff to be read. */
export function golden(file: string, actual: string): string {
  const path = join(FOLDER, file)
  if (process.env.UPDATE_GOLDEN || !existsSync(path)) writeFileSync(path, actual)
  return readFileSync(path, 'utf8')
}
