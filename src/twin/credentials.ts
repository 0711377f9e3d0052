/** Who is who in a twin: certificates and kubeconfigs, as files of the state folder. */
import { randomBytes, X509Certificate } from 'node:crypto'
import type { FsDriver } from '../host/fs/mod.ts'
import { UserError } from '../lib/errors.ts'
import type { TwinConfig } from './config.ts'
import { isKey, isPair, issuer, type KeyPair, type LeafRequest, makeAuthority, makeKey } from './pki.ts'
import type { NodePlan, WorldPlan } from './plan.ts'
import { roleKubeconfig } from './roles.ts'
import type { TwinFolder } from './state.ts'

/** Who starts the twin's roles, and waits until they are ready. */
export const SUPERVISOR = 'fairlead:supervisor'
/** The group of the twin's own routers. */
export const ROUTERS = 'fairlead:routers'

export interface Credentials {
  readonly ca: string
  /** The key of `ca`, for certificates that Services ask for. */
  readonly caKey: string
  /** The API's server certificate. */
  readonly api: KeyPair
  /** The front door's wildcard certificate and who issued it. */
  readonly ingress: KeyPair & { readonly authority: string; readonly authorityKey: string }
  /** What tokens of service accounts are signed with, PEM. */
  readonly tokenKey: string
  /** The administrator's token, for those who log in by token. */
  readonly adminToken: string
}

export const pkiFile = (folder: TwinFolder, name: string): string => `${folder.pki}/${name}`

/** What the API needs of the folder. */
export function readCredentials(fs: FsDriver, folder: TwinFolder): Credentials {
  const pair = (name: string): KeyPair => readPair(fs, folder, name) ?? missing(folder, `${name}.crt`)
  return {
    ca: pair('ca').certificate,
    caKey: pair('ca').key,
    api: pair('apiserver'),
    ingress: {
      ...pair('ingress'),
      authority: pair('ingress-ca').certificate,
      authorityKey: pair('ingress-ca').key,
    },
    tokenKey: readText(fs, folder, TOKEN_KEY),
    adminToken: readText(fs, folder, ADMIN_TOKEN),
  }
}

const TOKEN_KEY = 'service-account.key'
const ADMIN_TOKEN = 'admin.token'

const readText = (fs: FsDriver, folder: TwinFolder, name: string): string =>
  fs.read(pkiFile(folder, name))?.toString() ?? missing(folder, name)

/** As OpenShift's OAuth server makes them: they say what they are, and never look like an option. */
export function makeToken(): string {
  const text = randomBytes(32).toString('base64url')
  return text.startsWith('-') ? makeToken() : `sha256~${text}`
}

function missing(folder: TwinFolder, name: string): never {
  throw new Error(`${pkiFile(folder, name)} is missing: the supervisor makes it`)
}

/**
 * Makes what is not there yet, and writes every kubeconfig anew: the API's port on the host may have changed. Throws UserError for
 * files that are damaged.
 */
export function prepareCredentials(
  fs: FsDriver,
  folder: TwinFolder,
  plan: WorldPlan,
  apiPort: number,
  nowMs: number,
): void {
  fs.mkdir(folder.pki, 0o700)
  const ensure = (name: string, make: () => KeyPair, isSound: (pair: KeyPair) => boolean = () => true): KeyPair => {
    const pair = readPair(fs, folder, name)
    return pair && isSound(pair) ? pair : writePair(fs, folder, name, make())
  }
  const ca = ensure('ca', () => makeAuthority('fairlead-ca', nowMs))
  const ingressCa = ensure('ingress-ca', () => makeAuthority('fairlead-ingress-ca', nowMs))
  const issue = issuer(ca, nowMs)
  ensure('apiserver', () => issue({ commonName: 'kube-apiserver', names: apiNames(plan) }))
  ensure('ingress', () => issuer(ingressCa, nowMs)(ingressRequest(plan.config)))
  const ensureText = (name: string, make: () => string, isSound: (text: string) => boolean): void => {
    const text = fs.read(pkiFile(folder, name))?.toString()
    if (text === undefined) fs.write(pkiFile(folder, name), make(), 0o600)
    else if (!isSound(text)) throw damaged(folder, name)
  }
  ensureText(TOKEN_KEY, makeKey, isKey)
  ensureText(ADMIN_TOKEN, makeToken, text => /^sha256~[\w-]+$/.test(text))
  const inside = `https://${plan.nodes[0]!.address}:${plan.apiPort}`
  for (const [user, request] of Object.entries(clients(plan))) {
    const pair = ensure(
      user,
      () => issue(request),
      pair => isIn(pair, request.organizations),
    )
    const server = user === ADMIN ? `https://127.0.0.1:${apiPort}` : inside
    const path = user === ADMIN ? folder.kubeconfig : roleKubeconfig(folder, user)
    const names = { cluster: clusterName(plan.config), user: request.commonName }
    fs.write(path, kubeconfigText({ ...names, server, ca: ca.certificate, ...pair }), 0o600)
  }
}

const ADMIN = 'admin'
const clusterName = (config: TwinConfig): string => (config.name === 'default' ? 'fairlead' : `fairlead-${config.name}`)

/** Every name under which clients reach the API: from the host, the underlay, pods. */
const apiNames = (plan: WorldPlan): readonly string[] => [
  'localhost',
  '127.0.0.1',
  plan.nodes[0]!.name,
  plan.nodes[0]!.address,
  ...(plan.nodes[0]!.address6 ? [plan.nodes[0]!.address6] : []),
  plan.apiServiceIp,
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  `kubernetes.default.svc.${plan.config.clusterDomain}`,
]

/** The Routes' own domain, and the one under which a browser of the host finds them. */
export const appsDomains = (config: TwinConfig): readonly string[] => [
  config.appsDomain,
  config.appsDomain.replace(/\.[^.]+$/, '.localhost'),
]

const ingressRequest = (config: TwinConfig): LeafRequest => ({
  commonName: `*.${config.appsDomain}`,
  names: appsDomains(config).map(domain => `*.${domain}`),
})

/** Users as OKD names them, by the name of their kubeconfig. */
const clients = (plan: WorldPlan): Readonly<Record<string, LeafRequest>> => ({
  [ADMIN]: { commonName: 'system:admin', organizations: ['system:masters'] },
  supervisor: { commonName: SUPERVISOR },
  dns: serviceAccount(dnsNamespace(plan.config), 'dns'),
  router: serviceAccount('openshift-ingress', 'router', ROUTERS),
  ...Object.fromEntries(plan.nodes.map(node => [node.name, nodeUser(node)])),
})

export const dnsNamespace = (config: TwinConfig): string => (config.profile === 'okd' ? 'openshift-dns' : 'kube-system')

const serviceAccount = (namespace: string, name: string, ...groups: readonly string[]): LeafRequest => ({
  commonName: `system:serviceaccount:${namespace}:${name}`,
  organizations: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, ...groups],
})

const nodeUser = (node: NodePlan): LeafRequest => ({
  commonName: `system:node:${node.name}`,
  organizations: ['system:nodes'],
})

function readPair(fs: FsDriver, folder: TwinFolder, name: string): KeyPair | undefined {
  const certificate = fs.read(`${pkiFile(folder, name)}.crt`)?.toString()
  const key = fs.read(`${pkiFile(folder, name)}.key`)?.toString()
  if (certificate === undefined || key === undefined) return undefined
  if (!isPair({ certificate, key })) throw damaged(folder, `${name}.crt or .key`)
  return { certificate, key }
}

/** One that an earlier version made may lack a group. */
function isIn({ certificate }: KeyPair, groups: readonly string[] = []): boolean {
  const subject = new X509Certificate(certificate).subject.split('\n')
  return groups.every(group => subject.includes(`O=${group}`))
}

const damaged = (folder: TwinFolder, name: string): UserError =>
  new UserError('StateDamaged', `${pkiFile(folder, name)} is damaged`, {
    hint: `remove the folder ${folder.pki}: every certificate is made anew, and the objects stay`,
  })

/** The key first: a pair counts when its certificate is there. */
function writePair(fs: FsDriver, folder: TwinFolder, name: string, pair: KeyPair): KeyPair {
  fs.write(`${pkiFile(folder, name)}.key`, pair.key, 0o600)
  fs.write(`${pkiFile(folder, name)}.crt`, pair.certificate, 0o644)
  return pair
}

interface KubeconfigContent extends KeyPair {
  readonly cluster: string
  readonly user: string
  readonly server: string
  readonly ca: string
}

/** JSON, which is YAML: every client reads it, and nothing needs escaping. */
export function kubeconfigText({ cluster, user, server, ca, certificate, key }: KubeconfigContent): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster,
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: cluster, context: { cluster, user, namespace: 'default' } }],
  }
  return `${JSON.stringify(text, undefined, 2)}\n`
}
