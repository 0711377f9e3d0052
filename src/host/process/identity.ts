import { readFileSync } from 'node:fs'

/** A process's start time, in clock ticks since boot; undefined when it has ended, also for a zombie. */
export function identityOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const fields = statFields(pid)
  // Fields 3 and 22 of proc(5); the name in field 2 may itself hold blanks and brackets.
  return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** Ends a process, unless its pid has another owner by now. */
export function signalIf(pid: number, identity: string, signal: NodeJS.Signals): boolean {
  if (identityOf(pid) !== identity) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
