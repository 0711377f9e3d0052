import { UserError } from '../../lib/errors.ts'

/** As `main` prints an error for users: what is wrong, and below it what to do. */
const FOR_USERS = /^fairlead: (.+)\n(?: {2}-> (.+)\n)?/gm

/** Why a role does not start, in its own words where it had any for users. `how`: how it ended. `log`: where all its words are. */
export function roleFails(name: string, how: string, words: string, log: string): UserError {
  const [, what, remedy] = [...words.matchAll(FOR_USERS)].at(-1) ?? []
  const hint = `what it said is in ${log}`
  return what === undefined
    ? new UserError('RoleFails', `${name} does not start: ${how}`, { hint })
    : new UserError('RoleFails', `${name} does not start: ${what}`, { hint: remedy ? `${remedy} (${hint})` : hint })
}
