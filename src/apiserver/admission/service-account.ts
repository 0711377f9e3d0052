/** Which account a pod acts as, and its token. Source: k8s.io/kubernetes/plugin/pkg/admission/serviceaccount. */
import type { Container } from '../../api/core/pod/container.ts'
import type { Volume } from '../../api/core/pod/volume.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Store } from '../../store/mod.ts'
import { forbidden } from '../errors.ts'
import type { Obj } from '../object.ts'
import type { Registry } from '../resource/registry.ts'
import { keyOf } from '../resource/resource.ts'
import { decodeStored } from '../stored.ts'
import { generateName } from '../write/metadata.ts'
import type { Attributes, Plugin } from './mod.ts'
import { shownName } from './mod.ts'

export interface AccountsOptions {
  /** Tokens come with the authority of serving certificates, as on OpenShift. */
  readonly serviceCa: boolean
}

interface PodSpecLike {
  serviceAccountName?: string
  serviceAccount?: string
  automountServiceAccountToken?: boolean
  imagePullSecrets?: unknown
  containers?: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

const DEFAULT = 'default'
const MIRROR = 'kubernetes.io/config.mirror'

/** Gives pods their account under the old and the new name of the field; with `options`, it must exist, and pods get its token. */
export function podServiceAccount(
  store: Store,
  registry: Registry,
  clock: Clock,
  options: AccountsOptions | undefined,
): Plugin {
  return {
    name: 'ServiceAccount',
    operations: ['CREATE'],
    admit(attributes) {
      const { resource, subresource, object } = attributes
      if (resource.group !== '' || resource.plural !== 'pods' || subresource !== '') return
      const spec = object!.spec as PodSpecLike
      if (options && object!.metadata.annotations?.[MIRROR] !== undefined) return checkMirror(attributes, spec)
      spec.serviceAccountName ||= spec.serviceAccount || DEFAULT
      spec.serviceAccount = spec.serviceAccountName
      if (!options) return
      const use = (account: ServiceAccount): void => applyAccount(object!, account, options)
      const found = findAccount(store, registry, attributes.namespace!, spec.serviceAccountName)
      if (found) return use(found)
      return awaitAccount({ store, registry, clock }, attributes, spec.serviceAccountName).then(use)
    },
  }
}

function checkMirror({ resource, name }: Attributes, spec: PodSpecLike): void {
  const refuse = (what: string): never => {
    throw forbidden(resource, name, `a mirror pod may not ${what}`)
  }
  if (spec.serviceAccountName || spec.serviceAccount) refuse('reference service accounts')
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
  if (spec.volumes?.some(({ secret }) => secret) || sources.some(({ secret }) => secret)) refuse('reference secrets')
  if (sources.some(source => source.serviceAccountToken)) refuse('use ServiceAccountToken volume projections')
}

function findAccount(store: Store, registry: Registry, namespace: string, name: string): ServiceAccount | undefined {
  const resource = registry.find('', 'v1', ServiceAccount.plural)
  const stored = resource && store.get(keyOf(resource, namespace, name))
  return stored && (decodeStored(resource, stored) as unknown as ServiceAccount)
}

/** A new namespace has its default account a moment later: upstream looks ten times, about 150 ms apart. */
const DEFAULT_WAIT_MS = 1350

/** Throws StatusError 403. */
async function awaitAccount(
  parts: { readonly store: Store; readonly registry: Registry; readonly clock: Clock },
  { resource, name, namespace = '', object }: Attributes,
  account: string,
): Promise<ServiceAccount> {
  const { store, registry, clock } = parts
  const accounts = registry.find('', 'v1', ServiceAccount.plural)
  if (account === DEFAULT && accounts)
    await new Promise<void>(resolve => {
      const end = (): void => {
        stop()
        cancel()
        resolve()
      }
      const key = keyOf(accounts, namespace, account)
      const stop = store.watch(key, store.revision, events => {
        if (events.some(event => event.key === key && event.type === 'put')) end()
      })
      const cancel = clock.after(DEFAULT_WAIT_MS, end)
    })
  const found = findAccount(store, registry, namespace, account)
  if (found) return found
  const why = `serviceaccount ${JSON.stringify(account)} not found`
  throw forbidden(
    resource,
    shownName(object!, name),
    `error looking up service account ${namespace}/${account}: ${why}`,
  )
}

function applyAccount(pod: Obj, account: ServiceAccount, options: AccountsOptions): void {
  const spec = pod.spec as PodSpecLike
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, options)
  const pulls = account.imagePullSecrets ?? []
  if (!Array.isArray(spec.imagePullSecrets) || spec.imagePullSecrets.length === 0)
    if (pulls.length > 0) spec.imagePullSecrets = pulls.map(({ name }) => ({ name }))
}

export const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_VOLUME = 'kube-api-access-'

/** A pod that has such a volume already keeps it, and a container whatever it mounts there itself. */
function mountToken(spec: PodSpecLike, options: AccountsOptions): void {
  const known = spec.volumes?.find(({ name }) => name.startsWith(TOKEN_VOLUME))
  const name = known?.name ?? generateName(TOKEN_VOLUME)
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Writable<Container>[]
  const lacking = all.filter(({ volumeMounts = [] }) => volumeMounts.every(({ mountPath }) => mountPath !== TOKEN_PATH))
  for (const container of lacking)
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: TOKEN_PATH }]
  if (!known && lacking.length > 0) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name, options)]
}

/** An hour, and seven seconds by which servers know such tokens. */
const TOKEN_SECONDS = 3607

function tokenVolume(name: string, { serviceCa }: AccountsOptions): Volume {
  const file = (map: string, key: string) => ({ configMap: { name: map, items: [{ key, path: key }] } })
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        file('kube-root-ca.crt', 'ca.crt'),
        { downwardAPI: { items: [namespace] } },
        ...(serviceCa ? [file('openshift-service-ca.crt', 'service-ca.crt')] : []),
      ],
      defaultMode: 0o644,
    },
  }
}
