import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { CommanderError } from 'commander'
import type { CliDeps } from '../../cli/deps.ts'
import type { Output, Probe } from '../../cli/doctor/checks.ts'
import { program } from '../../cli/program.ts'
import { systemClock } from '../../host/clock/real.ts'
import { codeOf } from '../../lib/errors.ts'
import { begin } from '../../main.ts'
import { hostSnapshots } from '../snapshots.ts'
import { hostTwins } from '../twins.ts'
import { VERSION } from '../version.ts'

export const start = begin(async args => {
  process.exitCode = await commandLine(args)
})

/** Runs one verb; returns its exit code. */
async function commandLine(args: readonly string[]): Promise<number> {
  let code = 0
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithReader)
  const interruption = new AbortController()
  process.once('SIGINT', () => interruption.abort(new CommanderError(130, 'interrupted', 'interrupted')))
  const root = program(cliDeps(interruption.signal), exitCode => {
    code = exitCode
  })
  try {
    await root.parseAsync([...args.filter(Boolean)], { from: 'user' })
    if (args.filter(Boolean).length === 0) root.outputHelp()
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

/** Whoever read what we print has gone (`| head`): the end, as by SIGPIPE. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(SIGPIPE_EXIT)
  throw error
}
const SIGPIPE_EXIT = 141

function cliDeps(interrupted: AbortSignal): CliDeps {
  const twins = hostTwins(dataHome())
  return {
    twins,
    snapshots: hostSnapshots(dataHome(), twins),
    clock: systemClock,
    probe: hostProbe(),
    version: VERSION,
    api: async name => {
      const control = await twins.control(name)
      control.close()
      return (await import('../connect.ts')).connectClient(twins.kubeconfigPath(name))
    },
    readFile: path => readFile(path, 'utf8'),
    example: async name => {
      const folder = join(__dirname, '..', 'examples', name)
      return readdirSync(folder)
        .filter(file => file.endsWith('.yaml'))
        .sort()
        .map(file => join(folder, file))
    },
    fetch: fetchStatus,
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr as CliDeps['stderr'],
    interrupted,
  }
}

const dataHome = (): string => resolve(process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share'))

async function fetchStatus(port: number, host: string, path: string): ReturnType<CliDeps['fetch']> {
  const { request } = await import('node:https')
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        servername: host,
        headers: { host },
        rejectUnauthorized: false,
        agent: false,
        timeout: 5000,
      },
      response => {
        const { subjectaltname } = (response.socket as TLSSocket).getPeerCertificate()
        response.resume()
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            certificateNames: (subjectaltname ?? '').replaceAll('DNS:', ''),
          }),
        )
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within 5 s')))
    outgoing.once('error', reject)
    outgoing.end()
  })
}

const NOT_FOUND = 127
const hostProbe = (): Probe => ({
  uid: process.getuid?.() ?? 0,
  nodeVersion: process.version,
  run: (command, args) =>
    new Promise<Output>(resolve => {
      const path = `${process.env.PATH}:/usr/sbin:/sbin`
      execFile(command, [...args], { env: { ...process.env, PATH: path } }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : NOT_FOUND
        resolve({ code, stdout, stderr })
      })
    }),
  read: path => readFile(path, 'utf8').catch(() => undefined),
  bind: port =>
    new Promise(resolve => {
      const server = createServer()
      server.once('error', error => resolve(codeOf(error)))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)))
    }),
})
