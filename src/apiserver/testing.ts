import { randomUUID } from 'node:crypto'
import { KINDS, VIRTUAL_KINDS } from '../api/registry.ts'
import { createClient } from '../client/client.ts'
import type { Client } from '../client/mod.ts'
import type { Transport } from '../client/transport.ts'
import { loopbackTransport } from '../client/transport.ts'
import type { DialDriver } from '../host/dial/mod.ts'
import type { HttpsDriver } from '../host/https/mod.ts'
import type { Clock } from '../lib/clock.ts'
import { rfc3339 } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { silent } from '../lib/log.ts'
import { memoryStore } from '../store/memory/memory.ts'
import type { Store } from '../store/mod.ts'
import type { User } from './auth/user.ts'
import { LOOPBACK } from './auth/user.ts'
import type { ApiServer, ApiServerOptions } from './mod.ts'
import { createApiServer } from './mod.ts'
import type { StreamRuntime } from './stream/runtime.ts'

export interface TestApi {
  readonly server: ApiServer
  readonly store: Store
  /** As an administrator. */
  readonly client: Client
  readonly transport: Transport
  clientOf(user: User): Client
  close(): Promise<void>
}

export interface TestApiOptions extends Partial<ApiServerOptions> {
  readonly store?: Store
  /** Exist beside default and kube-system. */
  readonly namespaces?: readonly string[]
  readonly log?: Logger
  readonly https?: HttpsDriver
  readonly dial?: DialDriver
  /** Where pods run; nowhere if absent. */
  readonly runtime?: StreamRuntime
}

/** A whole API server in memory, for the tests of other rooms: no sockets, no certificates, ready when it resolves. */
export async function testApi(clock: Clock, options: TestApiOptions = {}): Promise<TestApi> {
  const store = options.store ?? memoryStore()
  const deps = {
    store,
    clock,
    log: options.log ?? silent,
    ...(options.https ? { https: options.https } : {}),
    ...(options.dial ? { dial: options.dial } : {}),
    ...(options.runtime ? { runtime: options.runtime } : {}),
  }
  const server = createApiServer(deps, { kinds: KINDS, virtualKinds: VIRTUAL_KINDS, ...options })
  const transport = loopbackTransport(server.loopback(LOOPBACK))
  const namespaces = new Set(['default', 'kube-system', ...(options.namespaces ?? [])])
  await server.ready
  await Promise.all([...namespaces].map(name => putNamespace(store, clock, name)))
  return {
    server,
    store,
    transport,
    client: createClient(transport, { userAgent: 'test' }),
    clientOf: user => createClient(loopbackTransport(server.loopback(user)), { userAgent: 'test' }),
    async close() {
      server.close()
      await store.close()
    },
  }
}

async function putNamespace(store: Store, clock: Clock, name: string): Promise<void> {
  const key = `/namespaces/${name}`
  if (store.head(key)) return
  const encode = (revision: number) => {
    const object = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        uid: randomUUID(),
        resourceVersion: String(revision),
        creationTimestamp: rfc3339(clock.now()),
        labels: { 'kubernetes.io/metadata.name': name },
      },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    }
    return { bytes: Buffer.from(JSON.stringify(object)), object }
  }
  await store.write({ op: 'create', key, encode })
}
