import type { User } from '../auth/user.ts'
import type { Kernel } from '../context.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'

/** A connection that somebody wants to what runs in the cluster. */
export interface Connection {
  readonly resource: Resource
  readonly subresource: string
  readonly namespace: string | undefined
  readonly name: string
  readonly query: URLSearchParams
  /** What follows the subresource, for proxies. */
  readonly path?: string
  readonly user: User
}

const KINDS: Readonly<Record<string, string>> = {
  'pods/attach': 'PodAttachOptions',
  'pods/exec': 'PodExecOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
}

/** Asks admission about it. Throws StatusError. */
export async function admitConnection({ admission }: Kernel, connection: Connection): Promise<void> {
  const { resource, subresource, namespace, name, user } = connection
  const connect = KINDS[`${resource.plural}/${subresource}`]!
  const attributes = {
    operation: 'CONNECT',
    ...{ resource, subresource, namespace, name, user, connect },
    object: optionsOf(connection, connect) as unknown as Obj,
    dryRun: false,
  } as const
  await admission.admit(attributes)
  await admission.validate(attributes)
}

const FLAGS = ['stdin', 'stdout', 'stderr', 'tty']

/** The parameters as the object that stands for them. */
function optionsOf({ subresource, query, path }: Connection, kind: string): object {
  const base = { kind, apiVersion: 'v1' }
  if (subresource === 'proxy') return { ...base, path: path ?? '' }
  if (subresource === 'portforward') return { ...base, ports: query.getAll('ports').map(Number) }
  const flags = FLAGS.filter(flag => ['1', 'true'].includes(query.get(flag) ?? ''))
  const container = query.get('container')
  return {
    ...base,
    ...Object.fromEntries(flags.map(flag => [flag, true])),
    ...(container ? { container } : {}),
    ...(subresource === 'exec' ? { command: query.getAll('command') } : {}),
  }
}
