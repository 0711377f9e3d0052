import { parseFlags } from '../flags.ts'
import { answering, bodyOf } from '../http.ts'
import type { Builtin } from '../mod.ts'
import { ended, untilStopped } from '../mod.ts'

/** Says what it was started with. */
export const entrypointTester: Builtin = async context => {
  context.out(`[${['/agnhost', 'entrypoint-tester', ...context.args].join(' ')}]`)
  return ended(0)
}

/** Takes connections and resets them when something comes. */
export const tcpReset: Builtin = async context => {
  const port = Number(parseFlags(context.args).string('port', '8080'))
  await context.sockets.tcp(port, socket => void socket.once('data', () => socket.resetAndDestroy()))
  context.out(`Listening on port ${port}`)
  return untilStopped(context.signal)
}

export const fakeGitServer: Builtin = async context => {
  await context.sockets.http(
    8000,
    answering(() => ({ body: 'I am a fake git server' })),
  )
  return untilStopped(context.signal)
}

interface AuditEvent {
  readonly [field: string]: unknown
}

/** Each audit event that is posted becomes a line. */
export const auditProxy: Builtin = async context => {
  const answer = answering(async request => {
    const { items = [] } = JSON.parse((await bodyOf(request)).toString('utf8')) as { readonly items?: AuditEvent[] }
    for (const item of items) context.out(JSON.stringify({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...item }))
    return { body: '' }
  })
  await context.sockets.http(8080, answer)
  return untilStopped(context.signal)
}
