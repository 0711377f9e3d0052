import { randomBytes } from 'node:crypto'
import { Deployment } from '../../api/apps/deployment.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Pod } from '../../api/core/pod.ts'
import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import { DNSRecord } from '../../api/ingress-operator/dns-record.ts'
import type { ApiObject, Kind } from '../../api/meta/meta.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { IngressController } from '../../api/operator/ingress-controller.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { Route } from '../../api/route/route.ts'
import { type Client, type Draft, isAlreadyExists, isNotFound, type ObjectKey } from '../../client/mod.ts'
import { covers } from './decide.ts'
import { recordName } from './dns.ts'
import { type Operands, routerName } from './objects.ts'
import { DEPLOYMENT_LABEL, FINALIZER, OPERAND_NAMESPACE, OPERATOR_NAMESPACE, OWNER_LABEL } from './settings.ts'

/** Makes the objects of an IngressController so, and takes them away. */
export interface OperandWriter {
  ensure(operands: Operands): Promise<void>
  /** A certificate for the domain, unless the Secret is there, whosever it is. */
  ensureCertificate(controller: IngressController, make: () => CertifiedKey): Promise<void>
  /** The wildcard's record, or none. */
  ensureRecord(controller: IngressController, wanted: Draft<DNSRecord> | undefined): Promise<void>
  /**
   * Deletes them, takes back what its routers said of Routes once none is left to say it again, then lets the IngressController go.
   * False while routers are still ending.
   */
  remove(controller: IngressController): Promise<boolean>
}

/** PEM. */
export interface CertifiedKey {
  readonly certificate: string
  readonly key: string
}

export const createOperandWriter = (client: Client): OperandWriter => ({
  async ensure({ deployment, services, ingressClass, budget }) {
    await ensureAccount(client)
    await ensureBundle(client)
    const controller = deployment.metadata.labels?.[OWNER_LABEL] ?? ''
    await ensureStats(client, controller)
    await ensure(client, Deployment, deployment)
    for (const service of services) await ensure(client, Service, service)
    await ensure(client, IngressClass, ingressClass)
    // Of a strategy that it had before.
    for (const name of [`router-${controller}`, `router-nodeport-${controller}`])
      if (!services.some(({ metadata }) => metadata.name === name))
        await removeIfThere(client, Service, operandKey(name))
    if (budget) await ensure(client, PodDisruptionBudget, budget)
    else await removeIfThere(client, PodDisruptionBudget, operandKey(`router-${controller}`))
  },
  async ensureCertificate(controller, make) {
    const key = operandKey(`router-certs-${controller.metadata.name}`)
    if (controller.spec.defaultCertificate?.name || (await client.find(Secret, key))) return
    const made = make()
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    const data = { 'tls.crt': base64(made.certificate), 'tls.key': base64(made.key) }
    await client.create(Secret, { metadata: key, type: 'kubernetes.io/tls', data }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  },
  async ensureRecord(controller, wanted) {
    const key = { namespace: OPERATOR_NAMESPACE, name: recordName(controller) }
    if (!wanted) return removeIfThere(client, DNSRecord, key)
    await ensure(client, DNSRecord, wanted)
  },
  async remove(controller) {
    const { name } = controller.metadata
    await removeOne(client, DNSRecord, { namespace: OPERATOR_NAMESPACE, name: recordName(controller) })
    await removeOne(client, Deployment, operandKey(routerName(controller)))
    await removeOne(client, PodDisruptionBudget, operandKey(routerName(controller)))
    for (const service of [`router-internal-${name}`, `router-nodeport-${name}`, routerName(controller)])
      await removeOne(client, Service, operandKey(service))
    for (const secret of [`router-stats-${name}`, `router-certs-${name}`])
      await removeOne(client, Secret, operandKey(secret))
    await removeOne(client, IngressClass, { name: `openshift-${name}` })
    const selected = { namespace: OPERAND_NAMESPACE, labelSelector: `${DEPLOYMENT_LABEL}=${name}`, limit: 1 }
    if ((await client.list(Pod, selected)).items.length > 0) return false
    await withdrawStatus(client, name)
    const finalizers = controller.metadata.finalizers?.filter(finalizer => finalizer !== FINALIZER) ?? []
    await client.update(IngressController, { ...controller, metadata: { ...controller.metadata, finalizers } })
    return true
  },
})

/** What routers of this name said of Routes is nobody's any more. */
async function withdrawStatus(client: Client, router: string): Promise<void> {
  const { items } = await client.list(Route)
  for (const route of items) {
    const entries = route.status?.ingress ?? []
    const ingress = entries.filter(({ routerName }) => routerName !== router)
    if (ingress.length === entries.length) continue
    await client.updateStatus(Route, { ...route, status: { ...route.status, ingress } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}

const operandKey = (name: string): ObjectKey => ({ namespace: OPERAND_NAMESPACE, name })

interface WithSpec extends ApiObject {
  readonly spec?: unknown
}

async function ensure<T extends WithSpec>(client: Client, kind: Kind<T>, wanted: Draft<T>): Promise<void> {
  const { name, namespace } = wanted.metadata as Partial<ObjectKey>
  const actual = await client.find(kind, { name: name!, ...(namespace === undefined ? {} : { namespace }) })
  if (!actual) await client.create(kind, wanted)
  else if (!covers(actual, wanted)) await client.update(kind, adjusted(actual, wanted))
}

/** Metadata that others added stays; of the spec, each wanted field takes the place of what is there. */
const adjusted = <T extends WithSpec>(actual: T, wanted: Draft<T>): T => ({
  ...actual,
  metadata: {
    ...actual.metadata,
    labels: { ...actual.metadata.labels, ...(wanted.metadata as Pick<ApiObject['metadata'], 'labels'>).labels },
  },
  spec: { ...(actual.spec as object), ...((wanted as Pick<WithSpec, 'spec'>).spec as object) },
})

async function removeOne<T extends ApiObject>(client: Client, kind: Kind<T>, key: ObjectKey): Promise<void> {
  await client.delete(kind, key).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

/** Asked for first: it mostly is not there. */
async function removeIfThere<T extends ApiObject>(client: Client, kind: Kind<T>, key: ObjectKey): Promise<void> {
  if (await client.find(kind, key)) await removeOne(client, kind, key)
}

async function ensureAccount(client: Client): Promise<void> {
  const key = operandKey('router')
  if (await client.find(ServiceAccount, key)) return
  await client.create(ServiceAccount, { metadata: key }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** The authority by which routers verify pods; the service CA fills it in. */
async function ensureBundle(client: Client): Promise<void> {
  const key = operandKey('service-ca-bundle')
  if (await client.find(ConfigMap, key)) return
  const annotations = { 'service.beta.openshift.io/inject-cabundle': 'true' }
  await client.create(ConfigMap, { metadata: { ...key, annotations } }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** Who may read the routers' metrics by name and password; made once, and anybody's to change. */
async function ensureStats(client: Client, controller: string): Promise<void> {
  const key = operandKey(`router-stats-${controller}`)
  if (await client.find(Secret, key)) return
  const text = (bytes: number): string => Buffer.from(randomBytes(bytes).toString('hex')).toString('base64')
  const data = {
    statsUsername: Buffer.from(`user${randomBytes(3).toString('hex')}`).toString('base64'),
    statsPassword: text(12),
  }
  await client.create(Secret, { metadata: key, data }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}
