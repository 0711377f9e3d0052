/** A throw-away twin for tests and benchmarks: the real program, in a data folder of its own. */
import type { ExecFileOptions } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KUBECTL } from '../tools/kubectl.ts'

export { KUBECTL }
export const ROOT = join(import.meta.dirname, '..')
export const FAIRLEAD = join(ROOT, 'fairlead')

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  readonly cwd?: string
  readonly timeoutMs?: number
}

/** Runs a command to its end; never throws for an exit code. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const settings: ExecFileOptions = {
    env: options.env ?? process.env,
    cwd: options.cwd ?? ROOT,
    maxBuffer: 64 << 20,
    timeout: options.timeoutMs ?? 120_000,
  }
  return new Promise(resolve => {
    const child = execFile(command, [...args], settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127
      resolve({ code, stdout: String(stdout), stderr: String(stderr) })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
  })
}

/** As `run`, but a failure throws with everything the command said. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, args, options)
  if (result.code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${result.code}\n${result.stdout}\n${result.stderr}`)
  return result.stdout
}

export interface TwinOptions {
  readonly name: string
  readonly args?: readonly string[]
  /** Run the program as this command prefix, for example setpriv of another user. */
  readonly prefix?: readonly string[]
  /** Another folder with the program in it. */
  readonly program?: string
  readonly dataHome?: string
}

export interface Twin {
  readonly name: string
  readonly env: NodeJS.ProcessEnv
  readonly dataHome: string
  readonly state: TwinPorts
  /** Runs ./fairlead <verb> --name <name> ... */
  fairlead(verb: string, ...args: string[]): Promise<Result>
  kubectl(...args: string[]): Promise<string>
  tryKubectl(args: readonly string[], options?: RunOptions): Promise<Result>
  /** GET through the front door; the host's `.localhost` names reach 127.0.0.1. */
  https(host: string, path?: string, headers?: Record<string, string>): Promise<Answer>
  curl(...args: string[]): Promise<Result>
  down(): Promise<void>
}

export interface TwinPorts {
  readonly api: number
  readonly http: number
  readonly https: number
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

export async function startTwin(options: TwinOptions): Promise<Twin> {
  const dataHome = options.dataHome ?? mkdtempSync(join(tmpdir(), 'fairlead-test-'))
  const env = {
    ...process.env,
    XDG_DATA_HOME: dataHome,
    KUBECONFIG: join(dataHome, 'fairlead', options.name, 'kubeconfig'),
  }
  const [command, ...prefix] = [...(options.prefix ?? []), join(options.program ?? ROOT, 'fairlead')]
  const fairlead = (verb: string, ...args: string[]): Promise<Result> =>
    run(command!, [...prefix, verb, '--name', options.name, ...args], { env, timeoutMs: 240_000 })
  const up = await fairlead('up', ...(options.args ?? []))
  if (up.code !== 0) throw new Error(`up ended with ${up.code}\n${up.stdout}\n${up.stderr}`)
  const state = portsOf(dataHome, options.name)
  const tryKubectl = (args: readonly string[], runOptions: RunOptions = {}): Promise<Result> =>
    run(KUBECTL, args, { ...runOptions, env: { ...env, ...runOptions.env } })
  return {
    name: options.name,
    env,
    dataHome,
    state,
    fairlead,
    tryKubectl,
    kubectl: async (...args) => {
      const result = await tryKubectl(args)
      if (result.code !== 0)
        throw new Error(`kubectl ${args.join(' ')} ended with ${result.code}\n${result.stdout}${result.stderr}`)
      return result.stdout
    },
    https: (host, path = '/', headers = {}) => get(state.https, host, path, headers),
    curl: (...args) => run('curl', ['-sS', '--max-time', '30', ...args], { env }),
    down: async () => {
      await fairlead('down')
      if (options.dataHome === undefined) rmSync(dataHome, { recursive: true, force: true })
    },
  }
}

/** The ports that `up` chose, from the twin's state file. */
export function portsOf(dataHome: string, name: string): TwinPorts {
  const state = JSON.parse(readFileSync(join(dataHome, 'fairlead', name, 'state.json'), 'utf8')) as { ports: TwinPorts }
  return state.ports
}

function get(port: number, host: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: host,
        rejectUnauthorized: false,
        agent: false,
        headers: { ...headers, host },
      },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        )
      },
    )
    outgoing.setTimeout(30_000, () => outgoing.destroy(new Error('no answer within 30 s')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** For busy machines: what happens at all happens sooner. */
export const PATIENCE_MS = 90_000

/** Tries until the condition gives a value; what was seen last goes into the message when it never does. */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  limitMs = PATIENCE_MS,
): Promise<T> {
  const endMs = Date.now() + limitMs
  let last: unknown
  do {
    try {
      const value = await attempt()
      if (value !== undefined && value !== false) return value
      last = value
    } catch (error) {
      last = error
    }
    await sleep(50)
  } while (Date.now() < endMs)
  const seen = last instanceof Error ? last.message : String(last)
  throw new Error(`${what}: not within ${limitMs} ms; seen last: ${seen}`, { cause: last })
}

/** Starts a command that goes on; the caller ends it. */
export const start = (command: string, args: readonly string[], env = process.env) =>
  spawn(command, [...args], { env, cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })

/** A role's process as the host numbers it. Its command line must match too, where given. */
export async function hostPid(twin: Twin, role: string): Promise<number> {
  const status = JSON.parse((await twin.fairlead('status', '--json')).stdout) as {
    roles: { name: string; pid?: number }[]
  }
  const inner = status.roles.find(each => each.name === role)?.pid
  const numbers = (pid: number): string[] =>
    (/^NSpid:\s(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '').split('\t')
  const found = worldPids(twin).find(pid => Number(numbers(pid)[1]) === inner)
  if (inner === undefined || found === undefined) throw new Error(`the role ${role} does not run`)
  return found
}

/** The outer unshare(1) of the twin's world, as the host numbers it. */
export const outerPid = (twin: Pick<Twin, 'name' | 'dataHome'>): number =>
  (JSON.parse(readFileSync(join(twin.dataHome, 'fairlead', twin.name, 'state.json'), 'utf8')) as { pid: number }).pid

/** Host pids of all processes in the twin's world, those of its containers among them, whose command line matches. */
export function worldPids(twin: Pick<Twin, 'name' | 'dataHome'>, pattern = /./): number[] {
  const childrenOf = new Map<number, number[]>()
  for (const name of readdirSync('/proc').filter(each => /^\d+$/.test(each))) {
    const parent = Number(/^PPid:\s(\d+)$/m.exec(read(`/proc/${name}/status`))?.[1])
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)])
  }
  const below = (parent: number): number[] => (childrenOf.get(parent) ?? []).flatMap(child => [child, ...below(child)])
  return below(outerPid(twin)).filter(each => pattern.test(read(`/proc/${each}/cmdline`)))
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
const linkOf = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** What a twin may not leave behind: links, routes, rules, mounts of this namespace, and namespaces of the whole machine. */
export async function traces(): Promise<Record<string, readonly string[]>> {
  const lines = async (command: string, ...args: string[]): Promise<string[]> =>
    (await run(command, args)).stdout.split('\n').filter(Boolean).sort()
  const inodes = (kind: string): string[] => [
    ...new Set(
      readdirSync('/proc')
        .filter(name => /^\d+$/.test(name))
        .map(name => linkOf(`/proc/${name}/ns/${kind}`))
        .filter(Boolean),
    ),
  ]
  return {
    links: await lines('ip', '-o', 'link', 'show').then(all => all.map(line => line.split(':')[1]!)),
    // Those of link-local addresses come seconds after their link, when the kernel has made sure of the address.
    routes: (await lines('ip', 'route', 'show', 'table', 'all')).filter(line => !/\bf(e80|f00)::/.test(line)),
    rules: await lines('nft', 'list', 'ruleset'),
    mounts: read('/proc/self/mounts').split('\n').sort(),
    net: inodes('net').sort(),
    mnt: inodes('mnt').sort(),
    pid: inodes('pid').sort(),
  }
}

/** Of processes: those that are still ending when a test begins are none of its own. */
const OF_PROCESSES = ['net', 'mnt', 'pid']

/** What is there that was not before, and what of the machine itself is gone; one line each. */
const changes = (
  before: Record<string, readonly string[]>,
  now: Record<string, readonly string[]>,
): readonly string[] =>
  Object.entries(now).flatMap(([kind, items]) => [
    ...items.filter(item => !before[kind]!.includes(item)).map(item => `+ ${kind} ${item}`),
    ...before[kind]!.filter(item => !items.includes(item) && !OF_PROCESSES.includes(kind)).map(
      item => `- ${kind} ${item}`,
    ),
  ])

/** Waits until links, rules, mounts and namespaces are what they were. */
export async function nothingLeft(before: Record<string, readonly string[]>, now = traces): Promise<void> {
  await until('nothing is left', async () => {
    const left = changes(before, await now())
    if (left.length > 0) throw new Error(left.join('\n'))
    return true
  })
}
