import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Access } from './metrics-access.ts'

/** What the port for probes and metrics tells. */
export interface ProbeAnswers {
  /** The caches are synced and HAProxy serves them; waits a little for it, so that a probe learns it the moment it is so. */
  isReady(): Promise<boolean>
  /** Who may read metrics, by the header Authorization. */
  access(authorization: string): Promise<Access>
  /** Prometheus text, with its content type. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>
}

/** OKD's paths on port 1936. Apart from the data path, so that probes never wait for a client's connection slot. */
export function createProbeServer(answers: ProbeAnswers): Server {
  return createServer((request, response) => {
    void answer(request, answers).then(
      ({ code, type, text }) => send(response, code, type, text),
      () => send(response, 500, 'text/plain', 'failed\n'),
    )
  })
}

interface Answer {
  readonly code: number
  readonly type: string
  readonly text: string
}

async function answer({ url = '', headers }: IncomingMessage, answers: ProbeAnswers): Promise<Answer> {
  const plain = (code: number, text: string): Answer => ({ code, type: 'text/plain', text: `${text}\n` })
  if (url === '/healthz') return plain(200, 'ok')
  if (url === '/healthz/ready') return (await answers.isReady()) ? plain(200, 'ok') : plain(503, 'not ready')
  if (url === '/metrics') {
    const access = await answers.access(headers.authorization ?? '')
    if (access === 'unknown') return plain(401, 'Unauthorized')
    return access === 'forbidden' ? plain(403, 'Forbidden') : { code: 200, ...(await answers.metrics()) }
  }
  return plain(404, 'not found')
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, { 'content-type': type, connection: 'close' }).end(text)
}
