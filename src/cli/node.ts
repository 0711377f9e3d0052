import { UserError } from '../lib/errors.ts'
import type { CliDeps, NamedOption } from './deps.ts'

const ACTIONS = ['add', 'stop', 'start', 'cut'] as const
type Action = (typeof ACTIONS)[number]
const DONE: Readonly<Record<Action, string>> = { add: 'added', stop: 'stopped', start: 'started', cut: 'cut off' }

/** add: one more. stop: its agent, pods and link. cut: its link alone. start: back again. */
export async function node(
  deps: CliDeps,
  action: string,
  name: string | undefined,
  options: NamedOption,
): Promise<number> {
  if (!ACTIONS.includes(action as Action))
    throw new UserError('Usage', `node ${action}: unknown`, { hint: `there are ${ACTIONS.join(', ')}` })
  if (action !== 'add' && name === undefined)
    throw new UserError('Usage', `node ${action}: which one?`, { hint: `./fairlead node ${action} node-2` })
  const control = await deps.twins.control(options.name)
  try {
    deps.out(`${await control.node(action as Action, name)} ${DONE[action as Action]}\n`)
    return 0
  } finally {
    control.close()
  }
}
