/** GET pods/{name}/log */
import type { Pod } from '../../api/core/pod.ts'
import type { FieldError } from '../../schema/kind.ts'
import { invalid } from '../errors.ts'
import { badRequest, StatusError } from '../status-error.ts'
import type { ByteSink, ByteStream } from '../stream-body.ts'
import { chooseContainer } from './container.ts'
import type { LogReply, StreamDeps } from './mod.ts'
import { flag, integer } from './query.ts'
import type { LogOptions } from './runtime.ts'

/** See mod.ts. */
export async function podLog(
  deps: StreamDeps,
  pod: Pod,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<LogReply> {
  const container = chooseContainer(pod, query.get('container') ?? '')
  const options = logOptions(deps, pod, container, query)
  if (!pod.spec.nodeName) return { contentType: 'text/plain', body: sink => sink.end() }
  checkStarted(pod, container, options.previous === true)
  const ended = new AbortController()
  const stop = AbortSignal.any([signal, ended.signal])
  const chunks = deps.runtime.logs(options, stop)[Symbol.asyncIterator]()
  // Who follows gets the headers at once; to others a failure can still be told as such.
  const first = options.follow ? undefined : await firstOf(chunks, container, pod)
  const body: ByteStream = sink => {
    sink.onClose(() => ended.abort())
    void pump(deps, chunks, first, sink)
  }
  return { contentType: 'text/plain', body }
}

type Chunks = AsyncIterator<Buffer>

async function firstOf(chunks: Chunks, container: string, pod: Pod): Promise<IteratorResult<Buffer>> {
  try {
    return await chunks.next()
  } catch (error) {
    if (error instanceof StatusError) throw error
    throw badRequest(
      `failed to read the log of container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}: ${String(error instanceof Error ? error.message : error)}`,
    )
  }
}

/** Takes the next piece only when the last one is on its way. */
async function pump(
  deps: StreamDeps,
  chunks: Chunks,
  first: IteratorResult<Buffer> | undefined,
  sink: ByteSink,
): Promise<void> {
  let wake = (): void => {}
  let open = true
  sink.onDrain(() => wake())
  sink.onClose(() => {
    open = false
    wake()
  })
  try {
    for (let next = first ?? (await chunks.next()); !next.done && open; next = await chunks.next()) {
      if (sink.write(next.value)) continue
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    sink.end()
  } catch (error) {
    if (open) deps.log.warn({ error: String(error) }, 'a log stream broke')
    sink.destroy()
  } finally {
    void chunks.return?.()?.then(undefined, () => {})
  }
}

function logOptions(deps: StreamDeps, pod: Pod, container: string, query: URLSearchParams): LogOptions {
  const tailLines = integer(query, 'tailLines')
  const limitBytes = integer(query, 'limitBytes')
  const sinceSeconds = integer(query, 'sinceSeconds')
  const sinceTime = query.get('sinceTime') ?? ''
  const since = sinceTime === '' ? undefined : Date.parse(sinceTime)
  if (since !== undefined && (Number.isNaN(since) || !/^\d{4}-\d\d-\d\dT/.test(sinceTime)))
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as RFC 3339 failed`)
  const errors: FieldError[] = [
    ...atLeast('tailLines', tailLines, 0, 'must be greater than or equal to 0'),
    ...atLeast('limitBytes', limitBytes, 1, 'must be greater than 0'),
    ...(sinceSeconds !== undefined && since !== undefined
      ? [
          {
            type: 'Forbidden',
            field: '',
            detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
          } as const,
        ]
      : atLeast('sinceSeconds', sinceSeconds, 1, 'must be greater than 0')),
  ]
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, errors)
  const sinceTimeMs = sinceSeconds === undefined ? since : deps.clock.now() - sinceSeconds * 1000
  return {
    podUid: pod.metadata.uid,
    container,
    previous: flag(query, 'previous'),
    follow: flag(query, 'follow'),
    timestamps: flag(query, 'timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceTimeMs === undefined ? {} : { sinceTimeMs }),
  }
}

const atLeast = (field: string, value: number | undefined, least: number, detail: string): FieldError[] =>
  value === undefined || value >= least ? [] : [{ type: 'Invalid', field, value, detail }]

/** Throws 400, in the kubelet's words, where the container has no log yet. */
function checkStarted(pod: Pod, container: string, previous: boolean): void {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {}
  const all = [...(containerStatuses ?? []), ...(initContainerStatuses ?? []), ...(ephemeralContainerStatuses ?? [])]
  const status = all.find(({ name }) => name === container)
  const what = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  if (!status) throw badRequest(`${what} is not available`)
  const { running, terminated, waiting } = status.state ?? {}
  const before = status.lastState?.terminated
  if (previous && !before) throw badRequest(`previous terminated ${what} not found`)
  if (previous || running || terminated || before) return
  throw badRequest(
    waiting ? `${what} is waiting to start: ${waiting.reason ?? ''}` : `${what} is waiting to start - no logs yet`,
  )
}
