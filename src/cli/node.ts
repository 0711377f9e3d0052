import { Node } from '../api/core/node.ts'
import { ConnectionError } from '../client/transport.ts'
import { UserError } from '../lib/errors.ts'
import type { TwinControl } from '../twin/mod.ts'
import type { CliDeps, NamedOption } from './deps.ts'

const ACTIONS = ['add', 'stop', 'start', 'cut'] as const
type Action = (typeof ACTIONS)[number]
const DONE: Readonly<Record<Action, string>> = { add: 'added', stop: 'stopped', start: 'started', cut: 'cut off' }

/** Load balancers are no Nodes: nothing need become Ready. */
const isBalancer = (name: string | undefined): boolean => /^lb-/.test(name ?? '')

const POLL_MS = 50
const LIMIT_MS = 60_000

/** Its agent runs and the API calls it Ready. Throws UserError when that takes too long. */
async function untilReady(deps: CliDeps, control: TwinControl, twin: string, name: string): Promise<void> {
  const client = await deps.api(twin)
  const endMs = deps.clock.monotonic() + LIMIT_MS
  const isReady = async (): Promise<boolean> => {
    const [{ roles }, found] = await Promise.all([control.status(), client.find(Node, { name }).catch(unreached)])
    const isRunning = roles.some(role => role.name === name && role.state === 'running')
    return (
      isRunning && (found?.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
    )
  }
  try {
    while (!(await isReady())) {
      if (deps.clock.monotonic() > endMs)
        throw new UserError('NotReady', `${name} is not Ready after ${LIMIT_MS / 1000} s`, {
          hint: `look at ./fairlead logs ${name} and kubectl describe node ${name}`,
        })
      await deps.clock.sleep(POLL_MS, deps.interrupted)
    }
  } finally {
    client.close()
  }
}

/** The API may be away for a moment. */
function unreached(error: unknown): undefined {
  if (error instanceof ConnectionError) return undefined
  throw error
}

/** add: one more. stop: its agent, pods and link. cut: its link alone. start: back again. The last and add return when it is Ready. */
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
    const said = await control.node(action as Action, name)
    if (action === 'add' || (action === 'start' && !isBalancer(name)))
      await untilReady(deps, control, options.name, name ?? said)
    deps.out(`${said} ${DONE[action as Action]}\n`)
    return 0
  } finally {
    control.close()
  }
}
