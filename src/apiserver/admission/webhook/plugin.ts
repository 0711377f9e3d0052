import type { HttpsDriver } from '../../../host/https/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import { CelBudgetError, CelError } from '../../../schema/cel/mod.ts'
import type { Store } from '../../../store/mod.ts'
import { applyJsonPatch, checkJsonPatch } from '../../../wire/json-patch/patch.ts'
import { objectIn } from '../../converted.ts'
import { internalError } from '../../errors.ts'
import type { JsonObject, Obj } from '../../object.ts'
import { complete, decodeTree } from '../../resource/codec.ts'
import type { Registry } from '../../resource/registry.ts'
import { prefixOf } from '../../resource/resource.ts'
import { StatusError } from '../../status-error.ts'
import { parseBytes } from '../../stored.ts'
import type { Surroundings } from '../expressions.ts'
import { conditionsHold, EXPRESSION_STEPS, requestValues } from '../expressions.ts'
import { isExempt, meantVersion, ruleMatches, selectorsMatch } from '../match.ts'
import type { Attributes, Plugin } from '../mod.ts'
import type { Webhook } from './call.ts'
import { ask } from './call.ts'

const GROUP = 'admissionregistration.k8s.io'

export interface WebhookParts extends Surroundings {
  readonly https: HttpsDriver
  readonly registry: Registry
}

const OPERATIONS: Plugin['operations'] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT']

/** Asks the mutating webhooks one after another, in the order of their configurations' names. */
export const mutatingWebhooks = (parts: WebhookParts): Plugin => ({
  name: 'MutatingAdmissionWebhook',
  operations: OPERATIONS,
  async admit(attributes) {
    if (isExempt(attributes)) return
    const webhooks = configured(parts.store, 'mutatingwebhookconfigurations')
    let changedAfter = new Set<Webhook>()
    for (const webhook of webhooks) {
      if (!(await mutate(parts, webhook, attributes))) continue
      changedAfter = new Set([...changedAfter, ...webhooks.slice(0, webhooks.indexOf(webhook))])
    }
    // Once more those that want to see what others made of the object.
    for (const webhook of changedAfter)
      if ('reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded')
        await mutate(parts, webhook, attributes)
  },
})

/** Asks all validating webhooks at once. */
export const validatingWebhooks = (parts: WebhookParts): Plugin => ({
  name: 'ValidatingAdmissionWebhook',
  operations: OPERATIONS,
  async validate(attributes) {
    if (isExempt(attributes)) return
    const webhooks = configured(parts.store, 'validatingwebhookconfigurations')
    await Promise.all(webhooks.map(webhook => consult(parts, webhook, attributes)))
  },
})

const known = new WeakMap<Uint8Array, readonly Webhook[]>()

function configured(store: Store, plural: string): readonly Webhook[] {
  return store.range(prefixOf(GROUP, plural)).items.flatMap(({ value }) => {
    let webhooks = known.get(value)
    if (!webhooks) {
      webhooks = (parseBytes(value).webhooks ?? []) as readonly Webhook[]
      known.set(value, webhooks)
    }
    return webhooks
  })
}

/** Whether the object changed. */
async function mutate(parts: WebhookParts, webhook: Webhook, attributes: Attributes): Promise<boolean> {
  const answer = await consult(parts, webhook, attributes)
  if (!answer?.patch) return false
  const { object } = attributes
  const operations: unknown = JSON.parse(Buffer.from(answer.patch).toString('utf8'))
  if (Array.isArray(operations) && operations.length === 0) return false
  if (!object)
    throw internalError(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    )
  try {
    replace(object, await patched(answer.asked, operations, attributes))
    return true
  } catch (error) {
    throw internalError(`failed to apply the patch of webhook ${JSON.stringify(webhook.name)}: ${messageOf(error)}`)
  }
}

/** What the patch makes of the object as the webhook saw it, in the version that the client speaks. */
async function patched(
  asked: Attributes,
  operations: unknown,
  { resource, old, connect }: Attributes,
): Promise<JsonObject> {
  const changed = applyJsonPatch(asked.object, checkJsonPatch(operations)) as JsonObject
  if (connect) return changed
  const spoken = await objectIn(resource, changed as Obj)
  return complete(resource, decodeTree(resource, spoken).object as never, old)
}

/** What an object is, is nothing a webhook changes. */
function replace(object: Obj, by: JsonObject): void {
  const { name, namespace, uid, creationTimestamp, resourceVersion, generation } = object.metadata ?? {}
  const all = { name, namespace, uid, creationTimestamp, resourceVersion, generation }
  const identity = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  const hadMetadata = object.metadata !== undefined
  for (const field of Object.keys(object)) delete object[field]
  Object.assign(object, by)
  if (hadMetadata) object.metadata = { ...(by.metadata as object | undefined), ...identity }
}

interface Consulted {
  readonly patch?: Uint8Array
  /** What it was asked about: another version than the client's, where its rules name only that. */
  readonly asked: Attributes
}

/** Undefined where the webhook is not asked, or its failure is passed over. Throws StatusError. */
async function consult(parts: WebhookParts, webhook: Webhook, attributes: Attributes): Promise<Consulted | undefined> {
  if (!selectorsMatch(webhook, attributes, parts.store)) return undefined
  const asked = await meant(parts.registry, webhook, attributes)
  if (!asked) return undefined
  try {
    if (!conditionsMet(parts, webhook, asked)) return undefined
    return { ...(await ask(parts.https, parts.store, webhook, asked)), asked }
  } catch (error) {
    if (error instanceof StatusError) throw error
    if (webhook.failurePolicy === 'Ignore') return undefined
    throw internalError(
      `failed calling webhook ${JSON.stringify(webhook.name)}: failed to call webhook: ${messageOf(error)}`,
    )
  }
}

/** The request as the webhook's rules name it: as it came, or in another version of the same resource. */
const meant = (registry: Registry, { rules = [], matchPolicy }: Webhook, attributes: Attributes) =>
  meantVersion(registry, matchPolicy, attributes, one => rules.some(rule => ruleMatches(rule, one)))

function conditionsMet(around: Surroundings, { matchConditions = [] }: Webhook, attributes: Attributes): boolean {
  if (matchConditions.length === 0) return true
  try {
    return conditionsHold(matchConditions as never, requestValues(attributes, around), { left: EXPRESSION_STEPS })
  } catch (error) {
    if (error instanceof CelError || error instanceof CelBudgetError)
      throw new Error(`match conditions: ${error.message}`)
    throw error
  }
}
