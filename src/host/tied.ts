import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The command line of a process that ends with this one, however this one ends; where the machine has no setpriv (util-linux), of one
 * that does not.
 */
export function tied(command: string, args: readonly string[]): [command: string, args: readonly string[]] {
  const setpriv = findCommand('setpriv')
  return setpriv ? [setpriv, ['--pdeathsig', 'KILL', command, ...args]] : [command, args]
}

function findCommand(command: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return undefined
}
