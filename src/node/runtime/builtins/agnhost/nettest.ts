import { messageOf } from '../../../../lib/errors.ts'
import { parseFlags } from '../flags.ts'
import { accessLogged, answering, bodyOf, hostPort, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { fetchFrom } from './fetch.ts'
import { askApi } from './in-cluster.ts'

/** As /read shows it. */
interface State {
  readonly Hostname: string
  readonly Sent: Record<string, number>
  readonly Received: Record<string, number>
  readonly Errors: string[]
  readonly Log: string[]
  StillContactingPeers: boolean
}

interface Options {
  readonly service: string
  readonly namespace: string
  readonly peers: number
}

const MAX_LOG = 500
const WAIT_MS = 5000
const PATIENCE_MS = 300_000
const ROUNDS = 15

/** Speaks to every pod behind a Service and expects to be spoken to: /status says whether all did. */
export const nettest: Builtin = async context => {
  const flags = parseFlags(context.args)
  const options = {
    service: flags.string('service', 'nettest'),
    namespace: flags.string('namespace', 'default'),
    peers: flags.number('peers', 8),
  }
  const state: State = {
    Hostname: context.pod.hostname,
    Sent: {},
    Received: {},
    Errors: [],
    Log: [],
    StillContactingPeers: true,
  }
  let quit = (_code: number): void => {}
  const exited = new Promise<number>(resolve => {
    quit = resolve
  })
  const delayMs = flags.number('delay-shutdown', 0) * 1000
  context.signal.addEventListener('abort', () => void context.clock.after(delayMs, () => quit(0)), { once: true })
  const handler = serve(state, options, () => context.clock.after(0, () => quit(0)))
  await context.sockets.http(flags.number('port', 8080), accessLogged(context, handler))
  contactOthers(context, options, state).catch(error => {
    context.err(messageOf(error))
    quit(1)
  })
  return { exited }
}

const serve = (state: State, options: Options, quit: () => void) =>
  answering(async request => {
    switch (targetOf(request).path) {
      case '/quit':
        quit()
        return { body: '' }
      case '/read':
        return { body: JSON.stringify(state, null, '\t') }
      case '/status':
        return { body: verdict(state, options) }
      case '/write': {
        const { Source } = JSON.parse((await bodyOf(request)).toString('utf8')) as { readonly Source?: string }
        if (!Source) state.Errors.push(`${state.Hostname}: Got request with no source`)
        else state.Received[Source] = (state.Received[Source] ?? 0) + 1
        return { body: `${JSON.stringify({ Hostname: state.Hostname })}\n` }
      }
      default:
        return { status: 404, body: '404 page not found\n' }
    }
  })

function verdict(state: State, { peers }: Options): 'pass' | 'running' | 'fail' {
  const isDone = Object.keys(state.Sent).length >= peers && Object.keys(state.Received).length >= peers
  return isDone ? 'pass' : state.StillContactingPeers ? 'running' : 'fail'
}

async function contactOthers(context: BuiltinContext, options: Options, state: State): Promise<void> {
  const { clock, signal } = context
  const log = (line: string): void => {
    state.Log.push(line)
    if (state.Log.length > MAX_LOG) state.Log.shift()
  }
  const pause = (): Promise<void> => clock.sleep(Math.max(WAIT_MS, options.peers * 100), signal).catch(() => {})
  const endMs = clock.monotonic() + Math.max(PATIENCE_MS, options.peers * 1000)
  for (;;) {
    const found = await endpoints(context, options, log)
    if (found.length >= options.peers || clock.monotonic() > endMs || signal.aborted) break
    const { namespace, service, peers } = options
    log(
      `${namespace}/${service} has ${found.length} endpoints, which is less than ${peers} as expected. Waiting for all endpoints to come up.`,
    )
    await pause()
  }
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    for (const place of await endpoints(context, options, log)) await contact(context, place, state, log)
    if (verdict(state, options) !== 'pass') await pause()
  }
  state.StillContactingPeers = false
}

interface Place {
  readonly host: string
  readonly port: number
}

async function endpoints(context: BuiltinContext, { namespace, service }: Options, log: (line: string) => void) {
  try {
    const { status, body } = await askApi(context, `/api/v1/namespaces/${namespace}/endpoints/${service}`)
    if (status !== 200) throw new Error(body)
    const { subsets = [] } = JSON.parse(body) as {
      subsets?: { addresses?: { ip: string }[]; ports?: { port: number }[] }[]
    }
    return subsets.flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }): Place => ({ host: ip, port }))),
    )
  } catch (error) {
    log(`Unable to read the endpoints for ${namespace}/${service}: ${messageOf(error)}.`)
    return []
  }
}

async function contact(
  context: BuiltinContext,
  place: Place,
  state: State,
  log: (line: string) => void,
): Promise<void> {
  const url = `http://${hostPort(place.host, place.port)}`
  log(`Attempting to contact ${url}`)
  const body = JSON.stringify({ Source: state.Hostname, Dest: url })
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
  try {
    const answer = await fetchFrom(context, { ...place, path: '/write', method: 'POST', headers, body })
    const { Hostname } = JSON.parse(answer.body) as { readonly Hostname: string }
    state.Sent[Hostname] = (state.Sent[Hostname] ?? 0) + 1
  } catch (error) {
    log(`Warning: unable to contact the endpoint ${JSON.stringify(url)}: ${messageOf(error)}`)
  }
}
