/** Objects of one version in another, by the webhook of their definition. Source: apiextensions-apiserver pkg/apiserver/conversion. */
import { randomUUID } from 'node:crypto'
import type { WebhookClient } from '../../../api/meta/webhook-client.ts'
import type { HttpsDriver } from '../../../host/https/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import type { Store } from '../../../store/mod.ts'
import { isObject } from '../../../wire/json/value.ts'
import type { Obj } from '../../object.ts'
import { at, textAt } from '../../object.ts'
import { StatusError } from '../../status-error.ts'
import { webhookTarget } from '../../webhook-target.ts'
import { checkConverted, restoreMetadata } from './check.ts'

export interface WebhookConverter {
  readonly client: WebhookClient
  /** Which forms of the question it understands, the best first. */
  readonly reviewVersions: readonly string[]
}

/** What the review's versions are that this server speaks. */
export const REVIEW_VERSIONS = ['v1', 'v1beta1'] as const

const TIMEOUT_SECONDS = 30
/** So many objects are put into one question. */
const MAX_OBJECTS = 100

/** All of them in the version asked for, in the same order. Throws StatusError 500 where the webhook does not do as it must. */
export async function convertByWebhook(
  { https, store }: { readonly https: HttpsDriver; readonly store: Store },
  converter: WebhookConverter,
  objects: readonly Obj[],
  apiVersion: string,
): Promise<readonly Obj[]> {
  const converted: Obj[] = []
  for (let start = 0; start < objects.length; start += MAX_OBJECTS) {
    const part = objects.slice(start, start + MAX_OBJECTS)
    try {
      converted.push(...(await convertPart(https, store, converter, part, apiVersion)))
    } catch (error) {
      const { apiVersion: from, kind } = part[0]!
      throw new StatusError(500, '', `conversion webhook for ${from}, Kind=${kind} ${messageOf(error)}`)
    }
  }
  return converted
}

async function convertPart(
  https: HttpsDriver,
  store: Store,
  converter: WebhookConverter,
  objects: readonly Obj[],
  apiVersion: string,
): Promise<readonly Obj[]> {
  const answers = await ask(https, store, converter, objects, apiVersion).catch(error => {
    throw new Error(`failed: ${messageOf(error)}`)
  })
  if (answers.length !== objects.length)
    throw new Error(`returned ${answers.length} objects, expected ${objects.length}`)
  return answers.map((answer, index) => {
    checkConverted(objects[index]!, answer, apiVersion)
    return restoreMetadata(objects[index]!, answer as Obj)
  })
}

async function ask(
  https: HttpsDriver,
  store: Store,
  { client, reviewVersions }: WebhookConverter,
  objects: readonly Obj[],
  desiredAPIVersion: string,
): Promise<readonly unknown[]> {
  const version = reviewVersions.find(one => REVIEW_VERSIONS.some(known => known === one))
  if (!version) throw new Error(`no supported conversion review versions: ${reviewVersions.join(', ')}`)
  const head = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}` }
  const uid = randomUUID()
  const { url, ...target } = webhookTarget(store, client)
  const { status, body } = await https.post({
    ...target,
    url: `${url}?timeout=${TIMEOUT_SECONDS}s`,
    body: JSON.stringify({ ...head, request: { uid, desiredAPIVersion, objects } }),
    timeoutMs: TIMEOUT_SECONDS * 1000,
  })
  if (status < 200 || status > 299) throw new Error(`the server answered ${status}`)
  return convertedObjects(JSON.parse(body), head, uid)
}

function convertedObjects(
  review: unknown,
  head: { readonly kind: string; readonly apiVersion: string },
  uid: string,
): readonly unknown[] {
  const response = at(review, 'response')
  const found = `${textAt(review, 'apiVersion')}, Kind=${textAt(review, 'kind')}`
  const wanted = `${head.apiVersion}, Kind=${head.kind}`
  // Version v1beta1 checked neither.
  const strict = head.apiVersion.endsWith('/v1')
  if (strict && found !== wanted) throw new Error(`expected webhook response of ${wanted}, got ${found}`)
  if (!isObject(response)) throw new Error('no response provided')
  if (strict && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const result = textAt(response, 'result', 'status')
  if (result !== 'Success')
    throw new Error(textAt(response, 'result', 'message') || `response.result.status was '${result}', not 'Success'`)
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : []
}
