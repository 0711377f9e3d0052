import type { ClientHttp2Session } from 'node:http2'
import { must2xx as ask } from '../../test/api-session.ts'
import { until } from '../../test/harness.ts'

const NEWLINE = 10

/**
 * Events that all watchers together were sent a second, while one object changes so many times; every one of them is waited for.
 * The object is there.
 */
export async function watched(
  session: ClientHttp2Session,
  { collection, name }: { readonly collection: string; readonly name: string },
  { watchers, updates }: { readonly watchers: number; readonly updates: number },
): Promise<number> {
  let lines = 0
  let opened = 0
  const query = `watch=1&fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`
  const streams = Array.from({ length: watchers }, () => {
    const stream = session.request({ ':path': `${collection}?${query}` })
    stream.once('data', () => opened++)
    stream.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++
    })
    return stream
  })
  await until('every watch begins', async () => opened === watchers || undefined)
  const before = lines
  const startMs = performance.now()
  for (let index = 0; index < updates; index++)
    await ask(session, 'PATCH', `${collection}/${name}`, { data: { n: String(index) } }, 'merge-patch+json')
  await until('every event', async () => lines - before >= watchers * updates || undefined)
  const ms = performance.now() - startMs
  for (const stream of streams) stream.close()
  return ((lines - before) * 1000) / ms
}
