/** A pod runtime of plain processes of this machine, and an API server on loopback in front of it. */
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough } from 'node:stream'
import { promisify } from 'node:util'
import { KINDS, VIRTUAL_KINDS } from '../../api/registry.ts'
import { createClient } from '../../client/client.ts'
import type { Client } from '../../client/mod.ts'
import { loopbackTransport } from '../../client/transport.ts'
import { systemClock } from '../../host/clock/real.ts'
import { silent } from '../../lib/log.ts'
import { memoryStore } from '../../store/memory/memory.ts'
import { LOOPBACK } from '../auth/user.ts'
import { createApiServer } from '../mod.ts'
import type { ExecSpec, LogOptions, ProcessStreams, StreamRuntime } from './runtime.ts'

const run = promisify(execFile)

export interface TestRuntime extends StreamRuntime {
  /** What was asked of it, oldest first. */
  readonly asked: { readonly logs: LogOptions[]; readonly exec: ExecSpec[]; readonly attach: string[] }
  /** Exec'd processes that have not ended. */
  readonly running: Set<ChildProcess>
  /** Gives the log what follows; undefined ends it. */
  log(text: string | undefined): void
}

/**
 * exec runs the command; with a terminal it is only told what happens to it, and ends on q. attach echoes in capitals.
 * Forwarded ports are ports of loopback.
 */
export function testRuntime(): TestRuntime {
  const asked = { logs: [] as LogOptions[], exec: [] as ExecSpec[], attach: [] as string[] }
  const running = new Set<ChildProcess>()
  const log: string[] = []
  let logEnded = false
  let wake = (): void => {}
  return {
    asked,
    running,
    log(text) {
      if (text === undefined) logEnded = true
      else log.push(text)
      wake()
    },
    async *logs(options, signal) {
      asked.logs.push(options)
      signal.addEventListener('abort', () => wake())
      if (options.container === 'broken') throw new Error('the disk is gone')
      for (let i = 0; ; ) {
        if (signal.aborted) return
        const text = log[i]
        if (text !== undefined) {
          i++
          yield Buffer.from(text)
        } else if (!options.follow || logEnded) return
        else await new Promise<void>(resolve => (wake = resolve))
      }
    },
    async exec(spec) {
      asked.exec.push(spec)
      if (spec.tty) return terminal()
      return spawned(spec, running)
    },
    async attach(_, container) {
      asked.attach.push(container)
      return terminal()
    },
    portForward: (_, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        socket.once('connect', () => resolve(socket)).once('error', reject)
      }),
  }
}

async function spawned(spec: ExecSpec, running: Set<ChildProcess>): Promise<ProcessStreams> {
  const child = spawn(spec.command[0]!, spec.command.slice(1), {
    stdio: [spec.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  running.add(child)
  return {
    stdin: child.stdin as unknown as Duplex | null,
    stdout: child.stdout!,
    stderr: child.stderr!,
    resize() {},
    exit: new Promise(resolve =>
      child.once('exit', (code, signal) => {
        running.delete(child)
        resolve(signal ? { code: 137, signal } : { code: code ?? 0 })
      }),
    ),
    close: () => void child.kill('SIGKILL'),
  }
}

function terminal(): ProcessStreams {
  const stdout = new PassThrough()
  let exit = (_: { code: number }): void => {}
  const exited = new Promise<{ code: number }>(resolve => (exit = resolve))
  const end = (code: number): void => {
    stdout.end()
    exit({ code })
  }
  const stdin = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      const text = chunk.toString()
      stdout.write(text.toUpperCase())
      if (text.includes('q')) end(7)
      done()
    },
    final(done) {
      end(0)
      done()
    },
  })
  return {
    stdin,
    stdout,
    stderr: null,
    resize: (columns, rows) => void stdout.write(`[${columns}x${rows}]`),
    exit: exited,
    close: () => end(137),
  }
}

export interface TestServer {
  readonly client: Client
  readonly port: number
  readonly kubeconfig: string
  /** A running pod of one or more containers. */
  addPod(name: string, containers?: readonly string[]): Promise<void>
  close(): Promise<void>
}

export async function testServer(runtime: StreamRuntime): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'streams-'))
  const file = (name: string): string => join(folder, name)
  await certificates(folder)
  const store = memoryStore()
  const api = createApiServer(
    { store, clock: systemClock, log: silent, runtime },
    { kinds: KINDS, virtualKinds: VIRTUAL_KINDS },
  )
  const { server } = api.listener({
    cert: await readFile(file('server.crt'), 'utf8'),
    key: await readFile(file('key.pem'), 'utf8'),
    clientCa: await readFile(file('ca.crt'), 'utf8'),
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await writeFile(file('kubeconfig'), kubeconfig(folder, port))
  const client = createClient(loopbackTransport(api.loopback(LOOPBACK)), { userAgent: 'test' })
  await client.request('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default' },
  })
  return {
    client,
    port,
    kubeconfig: file('kubeconfig'),
    addPod: (name, containers = ['c']) => addPod(client, name, containers),
    async close() {
      client.close()
      api.close()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function addPod(client: Client, name: string, containers: readonly string[]): Promise<void> {
  const path = '/api/v1/namespaces/default/pods'
  const spec = {
    nodeName: 'node-1',
    containers: containers.map(container => ({ name: container, image: 'i', stdin: true, tty: true })),
  }
  const pod = (await client.request('POST', path, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec,
  })) as object
  const startedAt = '2026-01-01T00:00:00Z'
  const containerStatuses = containers.map(container => ({
    name: container,
    ready: true,
    restartCount: 0,
    image: 'i',
    imageID: '',
    state: { running: { startedAt } },
  }))
  const conditions = ['Ready', 'ContainersReady'].map(type => ({ type, status: 'True' }))
  await client.request('PUT', `${path}/${name}/status`, {
    ...pod,
    status: { phase: 'Running', containerStatuses, conditions },
  })
}

const kubeconfig = (folder: string, port: number): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': join(folder, 'ca.crt') } },
    ],
    users: [
      { name: 'u', user: { 'client-certificate': join(folder, 'client.crt'), 'client-key': join(folder, 'key.pem') } },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })

/** One key for all: an authority, a server at 127.0.0.1, and an administrator. */
async function certificates(folder: string): Promise<void> {
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: folder })
  await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem')
  await openssl('req', '-x509', '-key', 'key.pem', '-subj', '/CN=ca', '-days', '2', '-out', 'ca.crt')
  await writeFile(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1\n')
  const issue = async (name: string, subject: string): Promise<void> => {
    await openssl('req', '-new', '-key', 'key.pem', '-subj', subject, '-out', `${name}.csr`)
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'key.pem',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'san',
      '-out',
      `${name}.crt`,
    )
  }
  await issue('server', '/CN=server')
  await issue('client', '/O=system:masters/CN=admin')
}
