import { messageOf } from '../../../../lib/errors.ts'
import { parseFlags } from '../flags.ts'
import type { Answer } from '../http.ts'
import { accessLogged, answering, targetOf } from '../http.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { fetchFrom } from './fetch.ts'

const REGISTER_MS = 15_000
const RETRY_MS = 1000

interface Book {
  store: Record<string, unknown>
  readonly replicas: string[]
  readonly backendPort: number
}

/** Keys and values at a primary that passes them on to its replicas, and a front end that asks both. */
export const guestbook: Builtin = async context => {
  const flags = parseFlags(context.args)
  const book: Book = { store: {}, replicas: [], backendPort: flags.number('backend-port', 6379) }
  const answer = answering(request => {
    const { path, query } = targetOf(request)
    return path in HANDLERS ? HANDLERS[path]!(context, book, query) : { status: 404, body: '404 page not found\n' }
  })
  await context.sockets.http(flags.number('http-port', 80), accessLogged(context, answer))
  const exited = new Promise<number>(resolve => {
    context.signal.addEventListener('abort', () => resolve(0), { once: true })
    const primary = flags.string('replicaof', '')
    if (primary !== '') register(context, book, primary).then(isIn => isIn || resolve(1))
  })
  return { exited }
}

type Handler = (context: BuiltinContext, book: Book, query: URLSearchParams) => Answer | Promise<Answer>

const refuse = (status: number, text: string): Answer => ({ status, body: `${text}\n` })

const HANDLERS: Readonly<Record<string, Handler>> = {
  '/register': (context, book, query) => {
    const host = query.get('host') ?? ''
    book.replicas.push(host)
    context.out(`Node '${host}' registered.`)
    return { body: JSON.stringify({ data: book.store }) }
  },
  '/get': (_, { store }, query) => {
    const key = query.get('key') ?? ''
    return { body: JSON.stringify({ data: key === '' ? store : Object.hasOwn(store, key) ? store[key] : '' }) }
  },
  '/set': async (context, book, query) => {
    const [key, value] = [query.get('key') ?? '', query.get('value') ?? '']
    if (key === '') return refuse(400, 'cannot set with empty key.')
    book.store = { ...book.store, [key]: value }
    const path = `/set?${new URLSearchParams({ key, value })}`
    for (const host of book.replicas)
      try {
        await fetchFrom(context, { host, port: book.backendPort, path })
      } catch (error) {
        return refuse(417, `encountered error while propagating to replica '${host}': ${messageOf(error)}`)
      }
    return { body: JSON.stringify({ message: 'Updated' }) }
  },
  '/guestbook': async (context, { backendPort }, query) => {
    const command = (query.get('cmd') ?? '').toLowerCase()
    const [key, value] = [query.get('key') ?? '', query.get('value') ?? '']
    if (command !== 'get' && command !== 'set') return refuse(400, `unsupported cmd: '${command}'`)
    if (command === 'set' && key === '') return refuse(400, 'cannot set with empty key.')
    const host = command === 'set' ? 'agnhost-primary' : 'agnhost-replica'
    const path = `/${command}?${new URLSearchParams({ key, value })}`
    return fetchFrom(context, { host, port: backendPort, path }).then(
      ({ body }) => ({ body }),
      error => refuse(417, `encountered error: ${messageOf(error)}`),
    )
  },
}

/** False where the primary did not answer in time. */
async function register(context: BuiltinContext, book: Book, primary: string): Promise<boolean> {
  const { clock, signal, pod } = context
  const endMs = clock.monotonic() + REGISTER_MS
  while (clock.monotonic() < endMs && !signal.aborted) {
    const path = `/register?host=${pod.podIps[0] ?? ''}`
    try {
      const { body } = await fetchFrom(context, { host: primary, port: book.backendPort, path })
      book.store = (JSON.parse(body) as { data: Record<string, unknown> }).data
      context.out(`Registered to node: ${primary}`)
      return true
    } catch (error) {
      context.out(`encountered error while registering to primary: ${messageOf(error)}. Retrying in 1s.`)
      await clock.sleep(RETRY_MS, signal).catch(() => {})
    }
  }
  if (!signal.aborted) context.err('Timed out while registering to primary.')
  return signal.aborted
}
