import type { Container } from '../../../api/core/pod/container.ts'
import type { Lifecycle } from '../../../api/core/pod/probe.ts'
import { probe } from '../../probe/probe.ts'
import { checkOf } from '../spec/checks.ts'
import type { Tracked } from '../tracked.ts'
import type { ActDeps } from './mod.ts'

type Hook = NonNullable<Lifecycle['preStop']>

/** Hooks have no time limit of their own: the container's end, or its grace period, ends them. */
const NO_LIMIT_MS = 86_400_000

/** Does what a hook asks for. The answer is why it failed; any answer to an HTTP hook is a success. */
export async function runHook(
  deps: ActDeps,
  tracked: Tracked,
  container: Container,
  hook: Hook,
  ended: Promise<void>,
): Promise<string | undefined> {
  const isOver = ended.then(() => undefined)
  if (hook.sleep) {
    const stop = new AbortController()
    const slept = deps.clock.sleep(Number(hook.sleep.seconds) * 1000, stop.signal).catch(() => {})
    await Promise.race([slept, isOver])
    stop.abort()
    return undefined
  }
  if (!hook.exec && !hook.httpGet) return undefined
  const { exec, httpGet } = hook
  const check = checkOf(tracked.podUid, container, exec ? { exec } : { httpGet: httpGet! }, tracked.addresses[0] ?? '')
  const tried = probe({ ...deps, netns: deps.netns.home }, check, NO_LIMIT_MS)
  const outcome = await Promise.race([tried, isOver])
  if (!outcome || outcome.ok || outcome.message.startsWith('HTTP probe failed with statuscode')) return undefined
  const what = exec
    ? `Exec lifecycle hook (${(exec.command ?? []).join(' ')})`
    : `HTTP lifecycle hook (${httpGet?.path ?? '/'})`
  return `${what} for Container ${JSON.stringify(container.name)} failed: ${outcome.message}`
}
