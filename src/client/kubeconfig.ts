import { UserError } from '../lib/errors.ts'

/** How to reach one API server, and as whom. PEM texts. */
export interface Connection {
  /** https://host:port, without a path. */
  readonly server: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly insecure?: boolean
  /** The name to check the certificate against, where it differs from the server's. */
  readonly serverName?: string
  /** A bearer token. Called again now and then, since token files are replaced while they are in use. */
  readonly token?: () => Promise<string>
  /** The namespace of the context. */
  readonly namespace?: string
}

/** Reads a file as text; rejects when it cannot. */
export type ReadText = (path: string) => Promise<string>

export interface KubeconfigSource {
  /** Paths in the file are relative to its folder. */
  readonly path: string
  readonly read: ReadText
  /** Another context than the current one. */
  readonly context?: string
}

interface Named<K extends string, V> {
  readonly clusters?: readonly ({ readonly name: string } & { readonly [P in K]?: V })[]
}
interface ClusterEntry {
  readonly server?: string
  readonly 'certificate-authority'?: string
  readonly 'certificate-authority-data'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  readonly 'tls-server-name'?: string
}
interface UserEntry {
  readonly 'client-certificate'?: string
  readonly 'client-certificate-data'?: string
  readonly 'client-key'?: string
  readonly 'client-key-data'?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly exec?: unknown
  readonly 'auth-provider'?: unknown
}
interface ContextEntry {
  readonly cluster?: string
  readonly user?: string
  readonly namespace?: string
}
interface Kubeconfig extends Named<'cluster', ClusterEntry> {
  readonly users?: readonly { readonly name: string; readonly user?: UserEntry }[]
  readonly contexts?: readonly { readonly name: string; readonly context?: ContextEntry }[]
  readonly 'current-context'?: string
}

/** Throws UserError (Kubeconfig) for a file that is missing, not a kubeconfig, or needs a login plugin. */
export async function readKubeconfig(source: KubeconfigSource): Promise<Connection> {
  const config = await parse(source)
  const name = source.context ?? config['current-context']
  const context = find(source, config.contexts, name, 'context').context ?? {}
  const cluster = find(source, config.clusters, context.cluster, 'cluster').cluster ?? {}
  const user = context.user ? (find(source, config.users, context.user, 'user').user ?? {}) : {}
  if (!cluster.server) throw problem(source, `cluster ${context.cluster} has no server`)
  if (user.exec || user['auth-provider'])
    throw problem(
      source,
      `user ${context.user} needs a login plugin, which is not supported`,
      'Use a client certificate or a token.',
    )
  const pem = (file: string | undefined, data: string | undefined) => pemOf(source, file, data)
  const token = tokenOf(source, user)
  return defined({
    server: cluster.server.replace(/\/+$/, ''),
    ca: await pem(cluster['certificate-authority'], cluster['certificate-authority-data']),
    cert: await pem(user['client-certificate'], user['client-certificate-data']),
    key: await pem(user['client-key'], user['client-key-data']),
    insecure: cluster['insecure-skip-tls-verify'],
    serverName: cluster['tls-server-name'],
    namespace: context.namespace,
    token,
  })
}

export interface ClusterEnv {
  readonly KUBERNETES_SERVICE_HOST?: string
  readonly KUBERNETES_SERVICE_PORT?: string
}

/** The connection of a pod's service account, from the environment and files the node gives every pod. */
export async function readInCluster(
  env: Readonly<Record<string, string | undefined>>,
  read: ReadText,
): Promise<Connection> {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
  const host = env.KUBERNETES_SERVICE_HOST
  if (!host) throw new UserError('Kubeconfig', 'not in a cluster: KUBERNETES_SERVICE_HOST is not set')
  const port = env.KUBERNETES_SERVICE_PORT ?? '443'
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await read(`${folder}/ca.crt`),
    namespace: (await read(`${folder}/namespace`)).trim(),
    token: async () => (await read(`${folder}/token`)).trim(),
  }
}

async function parse(source: KubeconfigSource): Promise<Kubeconfig> {
  const text = await source.read(source.path).catch(cause => {
    throw problem(source, 'cannot be read', undefined, cause)
  })
  try {
    // The YAML parser is only loaded where it is needed: the files this program writes itself are JSON.
    const value: unknown = /^\s*\{/.test(text) ? JSON.parse(text) : (await import('yaml')).parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw problem(source, 'is neither YAML nor JSON', undefined, cause)
  }
  throw problem(source, 'is not a kubeconfig')
}

function find<T extends { readonly name: string }>(
  source: KubeconfigSource,
  entries: readonly T[] | undefined,
  name: string | undefined,
  what: string,
): T {
  if (!name) throw problem(source, `names no ${what}`)
  const entry = entries?.find(candidate => candidate.name === name)
  if (!entry) throw problem(source, `has no ${what} named ${name}`)
  return entry
}

async function pemOf(
  source: KubeconfigSource,
  file: string | undefined,
  data: string | undefined,
): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  if (!file) return undefined
  const path = resolve(source.path, file)
  return source.read(path).catch(cause => {
    throw problem(source, `${path} cannot be read`, undefined, cause)
  })
}

function tokenOf(source: KubeconfigSource, user: UserEntry): Connection['token'] {
  const { token, tokenFile } = user
  if (token) return async () => token
  if (!tokenFile) return undefined
  return async () => (await source.read(resolve(source.path, tokenFile))).trim()
}

const resolve = (kubeconfig: string, file: string): string =>
  file.startsWith('/') ? file : `${kubeconfig.slice(0, kubeconfig.lastIndexOf('/') + 1)}${file}`

function problem(source: KubeconfigSource, what: string, hint?: string, cause?: unknown): UserError {
  return new UserError('Kubeconfig', `kubeconfig ${source.path}: ${what}`, { ...(hint ? { hint } : {}), cause })
}

type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> } & {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K]
}

const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>
