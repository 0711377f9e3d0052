/** One question to one webhook. Source: k8s.io/apiserver/pkg/admission/plugin/webhook. */
import { randomUUID } from 'node:crypto'
import type { MutatingWebhook, ValidatingWebhook } from '../../../api/admissionregistration/webhook.ts'
import type { HttpsDriver } from '../../../host/https/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Store } from '../../../store/mod.ts'
import { isObject } from '../../../wire/json/value.ts'
import { at, textAt } from '../../object.ts'
import type { StatusCause } from '../../status-error.ts'
import { StatusError } from '../../status-error.ts'
import { webhookTarget } from '../../webhook-target.ts'
import { requestOf } from '../expressions.ts'
import type { Attributes } from '../mod.ts'

export type Webhook = MutatingWebhook | ValidatingWebhook

/** What it allowed, and how it wants the object. Throws StatusError where it refuses, Error where it does not answer. */
export async function ask(
  https: HttpsDriver,
  store: Store,
  webhook: Webhook,
  attributes: Attributes,
): Promise<{ readonly patch?: Uint8Array }> {
  const uid = randomUUID()
  const { object = null, old: oldObject = null } = attributes
  const options = { kind: `${OPTIONS[attributes.operation]}Options`, apiVersion: 'meta.k8s.io/v1' }
  const request = { uid, ...requestOf(attributes), object, oldObject, options }
  const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }
  const timeoutMs = 1000 * (webhook.timeoutSeconds ?? 10)
  const { status, body } = await https.post({
    ...webhookTarget(store, webhook.clientConfig),
    body: JSON.stringify(review),
    timeoutMs,
  })
  if (status < 200 || status > 299) throw new Error(`the server answered ${status}`)
  const response = responseOf(body, uid)
  const warnings = Array.isArray(response.warnings) ? response.warnings : []
  for (const warning of warnings) attributes.warn?.(String(warning))
  if (response.allowed !== true) throw refusal(webhook.name, response.status)
  if (response.patch === undefined) return {}
  if (response.patchType !== 'JSONPatch')
    throw new Error(`unsupported patch type ${JSON.stringify(response.patchType)}`)
  return { patch: Buffer.from(String(response.patch), 'base64') }
}

const OPTIONS = { CREATE: 'Create', UPDATE: 'Update', DELETE: 'Delete', CONNECT: 'Create' } as const

function responseOf(body: string, uid: string): Readonly<Record<string, unknown>> {
  let review: unknown
  try {
    review = JSON.parse(body)
  } catch (error) {
    throw new Error(`the answer is no JSON: ${messageOf(error)}`)
  }
  const response = at(review, 'response')
  if (!isObject(response)) throw new Error('webhook response was absent')
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid)}`)
  return response
}

const FORBIDDEN = 403

/** As upstream's ToStatusErr. */
function refusal(webhook: string, status: unknown): StatusError {
  const message = textAt(status, 'message')
  const reason = textAt(status, 'reason')
  const code = Number(at(status, 'code') ?? 0)
  const why = message !== '' ? `: ${message}` : reason !== '' ? `: ${reason}` : ' without explanation'
  const causes = at(status, 'details', 'causes') as readonly StatusCause[] | undefined
  return new StatusError(
    code >= 400 && code < 600 ? code : FORBIDDEN,
    reason || 'Forbidden',
    `admission webhook ${JSON.stringify(webhook)} denied the request${why}`,
    causes ? { causes } : {},
  )
}
