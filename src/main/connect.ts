import { readFile } from 'node:fs/promises'
import { createClient } from '../client/client.ts'
import { http2Transport } from '../client/http2.ts'
import type { LiveInformers } from '../client/informers.ts'
import { createInformers } from '../client/informers.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import type { Client } from '../client/mod.ts'
import type { ProgressCollector } from '../client/progress.ts'
import { createProgress } from '../client/progress.ts'
import { systemClock } from '../host/clock/real.ts'
import type { Logger } from '../lib/log.ts'

export interface Connected {
  readonly client: Client
  readonly informers: LiveInformers
  readonly progress: ProgressCollector
}

/** A client of the API that the kubeconfig names. Throws UserError when the file does not say how. */
export async function connectClient(kubeconfig: string): Promise<Client> {
  const connection = await readKubeconfig({ path: kubeconfig, read: path => readFile(path, 'utf8') })
  return createClient(http2Transport(connection, { clock: systemClock }))
}

/** The client, and caches that follow the API until the signal aborts. */
export async function connect(kubeconfig: string, log: Logger, signal: AbortSignal): Promise<Connected> {
  const client = await connectClient(kubeconfig)
  const progress = createProgress()
  const informers = createInformers({ client, clock: systemClock, log, progress }, signal)
  signal.addEventListener('abort', () => client.close(), { once: true })
  return { client: informers.client, informers, progress }
}
