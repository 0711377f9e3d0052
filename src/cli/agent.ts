import { UserError } from '../lib/errors.ts'
import type { TwinControl } from '../twin/mod.ts'
import { run } from './trace/probe.ts'

/** Asks a node's agent, which answers on a socket of its own; or says what kept it from answering. */
export async function askAgent<T>(
  control: TwinControl,
  node: string,
  path: string,
): Promise<{ readonly answer: T } | { readonly error: string }> {
  const socket = `/run/fairlead/admin/${node}.sock`
  const url = `http://localhost${path}`
  try {
    const { code, stdout } = await run(control, node, ['curl', '-sf', '-m', '5', '--unix-socket', socket, url])
    if (code === 0) return { answer: JSON.parse(stdout) as T }
    return { error: `its agent does not answer (curl: ${code})` }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { error: error.message }
  }
}
