import { X509Certificate } from 'node:crypto'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { metadataOnly } from '../shared/kinds.ts'
import {
  asksForBundle,
  decideBundle,
  decideSecret,
  EXPIRY,
  namesOf,
  SERVICE_NAME,
  SERVICE_UID,
  secretNameOf,
  signedBy,
} from './decide.ts'

/** The authority of the cluster's own serving certificates. */
export interface ServiceCaOptions {
  /** PEM. */
  readonly authority: string
  /** A certificate for these names, the first of which is its subject, and its key; both PEM. */
  readonly issue: (names: readonly string[]) => { readonly certificate: string; readonly key: string }
}

/** OKD's service CA: certificates for Services that ask for one, and the authority for ConfigMaps that do. */
export async function startServiceCa(
  deps: ControllerDeps,
  { authority, issue }: ServiceCaOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const events = deps.events('service-ca')
  const signer = new X509Certificate(authority).subject.replace(/^CN=/, '')
  const services = informers.of(Service)
  const secrets = informers.of(Secret)
  // Few of many ask, and what is in the others is nobody's concern.
  const configs = informers.of(ConfigMap, { trim: metadataOnly })

  const serve = async (service: Service, name: string): Promise<void> => {
    const { namespace = '' } = service.metadata
    const known = secrets.get({ namespace, name })
    const decision = decideSecret(service, known)
    if (decision === 'foreign')
      events.record(service, 'Warning', 'ServingCertNotIssued', `Secret ${name} belongs to somebody else`)
    if (decision === 'issue') await issueFor(service, name, known)
    const body = decision === 'foreign' ? undefined : signedBy(service, signer)
    if (body) await client.patch(Service, { namespace, name: service.metadata.name }, { type: 'merge', body })
  }
  const issueFor = async (service: Service, name: string, known: Secret | undefined): Promise<void> => {
    const { namespace = '', uid } = service.metadata
    const pair = issue(namesOf(service))
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const made = {
      metadata: {
        namespace,
        name,
        annotations: {
          [SERVICE_UID]: uid,
          [SERVICE_NAME]: service.metadata.name,
          [EXPIRY]: rfc3339(Date.parse(new X509Certificate(pair.certificate).validTo)),
        },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: service.metadata.name, uid }],
      },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(pair.certificate + authority), 'tls.key': base64(pair.key) },
    }
    if (known) await client.update(Secret, { ...known, ...made, metadata: { ...known.metadata, ...made.metadata } })
    else await client.create(Secret, made)
  }
  return startKeyed(
    deps,
    {
      name: 'service-ca',
      triggers: [
        trigger(services, one => (secretNameOf(one) ? [`service ${keyOf(one)}`] : [])),
        trigger(secrets, ({ metadata: { namespace, annotations } }) =>
          annotations?.[SERVICE_NAME] ? [`service ${namespace}/${annotations[SERVICE_NAME]}`] : [],
        ),
        trigger(configs, one => (asksForBundle(one) ? [`config ${keyOf(one)}`] : [])),
      ],
      async handle(key) {
        const [kind = '', name = ''] = key.split(' ')
        if (kind === 'service') {
          const service = services.get(splitKey(name))
          const secret = service && secretNameOf(service)
          if (service && secret) await serve(service, secret)
          return
        }
        const config = await client.find(ConfigMap, splitKey(name))
        const next = config && decideBundle(config, authority)
        if (next) await client.update(ConfigMap, next)
      },
    },
    signal,
  )
}
