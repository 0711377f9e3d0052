import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { UserError } from '../lib/errors.ts'
import type { RemoteProcess } from '../twin/mod.ts'
import type { CliDeps, NamedOption } from './deps.ts'

/** Runs a command where a node, a pod (namespace/name) or an outside host is; its exit code is ours. */
export async function exec(
  deps: CliDeps,
  target: string,
  command: readonly string[],
  options: NamedOption,
): Promise<number> {
  if (command.length === 0)
    throw new UserError('Usage', 'no command given', { hint: './fairlead exec node-1 -- ip route' })
  const control = await deps.twins.control(options.name)
  try {
    const tty = deps.stdin.isTTY === true && deps.stdout.isTTY === true
    return await carry(deps, await control.exec(target, command, { tty }), tty)
  } finally {
    control.close()
  }
}

async function carry(deps: CliDeps, remote: RemoteProcess, tty: boolean): Promise<number> {
  const resize = (): void => remote.resize(deps.stdout.columns, deps.stdout.rows)
  if (tty) {
    deps.stdin.setRawMode(true)
    deps.stdout.on('resize', resize)
    resize()
  }
  if (remote.stdin) deps.stdin.pipe(remote.stdin)
  remote.stdout.pipe(deps.stdout, { end: false })
  remote.stderr?.pipe(deps.stderr, { end: false })
  try {
    const [code] = await Promise.all([remote.exit, ended(remote.stdout), ended(remote.stderr)])
    return code
  } finally {
    deps.stdin.unpipe()
    deps.stdin.pause()
    deps.stdout.off('resize', resize)
    if (tty) deps.stdin.setRawMode(false)
  }
}

/** The exit code may be known before the last of the output has come through. */
const ended = (stream: Readable | null): Promise<void> =>
  stream ? finished(stream, { writable: false }) : Promise.resolve()
