import type { ConfigMap } from '../../api/core/config-map.ts'
import type { Secret } from '../../api/core/secret.ts'
import type { Service } from '../../api/core/service.ts'

const PREFIX = 'service.beta.openshift.io/'
const ALPHA = 'service.alpha.openshift.io/'
export const SERVICE_UID = `${PREFIX}originating-service-uid`
export const SERVICE_NAME = `${PREFIX}originating-service-name`
export const EXPIRY = `${PREFIX}expiry`
export const BUNDLE_KEY = 'service-ca.crt'
const INJECT = 'inject-cabundle'

/** The Secret a Service wants its serving certificate in. */
export const secretNameOf = ({ metadata: { annotations = {} } }: Service): string | undefined =>
  annotations[`${PREFIX}serving-cert-secret-name`] || annotations[`${ALPHA}serving-cert-secret-name`] || undefined

/** The names of a Service that others call it by; pods of a headless one have names of their own below it. */
export function namesOf({ metadata: { namespace, name }, spec }: Service): readonly string[] {
  const names = [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]
  return spec.clusterIP === 'None' ? [...names, ...names.map(each => `*.${each}`)] : names
}

/** What says on a Service who issued its certificate; undefined where it says so already. */
export function signedBy({ metadata: { annotations = {} } }: Service, signer: string) {
  const names = [`${PREFIX}serving-cert-signed-by`, `${ALPHA}serving-cert-signed-by`]
  return names.every(name => annotations[name] === signer)
    ? undefined
    : { metadata: { annotations: Object.fromEntries(names.map(name => [name, signer])) } }
}

/** What is to be done about a Service's Secret; one of somebody else is left alone. */
export type SecretDecision = 'nothing' | 'issue' | 'foreign'

export function decideSecret(service: Service, secret: Secret | undefined): SecretDecision {
  if (!secret) return 'issue'
  const { [SERVICE_UID]: uid, [SERVICE_NAME]: name } = secret.metadata.annotations ?? {}
  if (name !== service.metadata.name) return 'foreign'
  if (uid !== service.metadata.uid) return 'issue'
  return secret.data?.['tls.crt'] && secret.data['tls.key'] ? 'nothing' : 'issue'
}

/** Whether a ConfigMap asks for the authority; its metadata are enough. */
export const asksForBundle = ({ metadata: { annotations } }: Pick<ConfigMap, 'metadata'>): boolean =>
  annotations?.[`${PREFIX}${INJECT}`] === 'true' || annotations?.[`${ALPHA}${INJECT}`] === 'true'

/** A ConfigMap that asks for the authority gets it, and loses everything else, as on OKD. */
export function decideBundle(config: ConfigMap, authority: string): ConfigMap | undefined {
  if (!asksForBundle(config)) return undefined
  const isRight = config.data?.[BUNDLE_KEY] === authority && Object.keys(config.data).length === 1 && !config.binaryData
  const { binaryData: _, ...rest } = config
  return isRight ? undefined : { ...rest, data: { [BUNDLE_KEY]: authority } }
}
