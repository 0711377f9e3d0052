import type { HttpsDriver } from '../../../host/https/mod.ts'
import { messageOf } from '../../../lib/errors.ts'
import { CelBudgetError, CelError } from '../../../schema/cel/mod.ts'
import type { Store } from '../../../store/mod.ts'
import { applyJsonPatch, checkJsonPatch } from '../../../wire/json-patch/patch.ts'
import { internalError } from '../../errors.ts'
import type { JsonObject } from '../../object.ts'
import { complete, decodeTree } from '../../resource/codec.ts'
import { prefixOf } from '../../resource/resource.ts'
import { badRequest, StatusError } from '../../status-error.ts'
import { parseBytes } from '../../stored.ts'
import { conditionsHold, EXPRESSION_STEPS, requestValues } from '../expressions.ts'
import { isExempt, ruleMatches, selectorsMatch } from '../match.ts'
import type { Attributes, Plugin } from '../mod.ts'
import type { Webhook } from './call.ts'
import { ask } from './call.ts'

const GROUP = 'admissionregistration.k8s.io'

/** Asks the mutating webhooks one after another, in the order of their configurations' names. */
export const mutatingWebhooks = (store: Store, https: HttpsDriver): Plugin => ({
  name: 'MutatingAdmissionWebhook',
  operations: ['CREATE', 'UPDATE'],
  async admit(attributes) {
    if (isExempt(attributes)) return
    const webhooks = configured(store, 'mutatingwebhookconfigurations')
    let changedAfter = new Set<Webhook>()
    for (const webhook of webhooks) {
      if (!(await mutate(store, https, webhook, attributes))) continue
      changedAfter = new Set([...changedAfter, ...webhooks.slice(0, webhooks.indexOf(webhook))])
    }
    // Once more those that want to see what others made of the object.
    for (const webhook of changedAfter)
      if ('reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded')
        await mutate(store, https, webhook, attributes)
  },
})

/** Asks all validating webhooks at once. */
export const validatingWebhooks = (store: Store, https: HttpsDriver): Plugin => ({
  name: 'ValidatingAdmissionWebhook',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  async validate(attributes) {
    if (isExempt(attributes)) return
    const webhooks = configured(store, 'validatingwebhookconfigurations')
    await Promise.all(webhooks.map(webhook => consult(store, https, webhook, attributes)))
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
async function mutate(store: Store, https: HttpsDriver, webhook: Webhook, attributes: Attributes): Promise<boolean> {
  const answer = await consult(store, https, webhook, attributes)
  if (!answer?.patch) return false
  const { object, resource } = attributes
  // What an object is, is nothing a webhook changes.
  const { name, namespace, uid, creationTimestamp, resourceVersion, generation } = object!.metadata
  const all = { name, namespace, uid, creationTimestamp, resourceVersion, generation }
  const identity = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  try {
    const operations: unknown = JSON.parse(Buffer.from(answer.patch).toString('utf8'))
    const patched = applyJsonPatch(object, checkJsonPatch(operations)) as JsonObject
    const whole = complete(resource, decodeTree(resource, patched).object as never, attributes.old)
    for (const field of Object.keys(object!)) delete object![field]
    Object.assign(object!, whole, { metadata: { ...whole.metadata, ...identity } })
    return true
  } catch (error) {
    throw internalError(`failed to apply the patch of webhook ${JSON.stringify(webhook.name)}: ${messageOf(error)}`)
  }
}

/** Undefined where the webhook is not asked, or its failure is passed over. Throws StatusError. */
async function consult(store: Store, https: HttpsDriver, webhook: Webhook, attributes: Attributes) {
  if (!webhook.rules?.some(rule => ruleMatches(rule, attributes))) return undefined
  if (!selectorsMatch(webhook, attributes, store)) return undefined
  try {
    if (!conditionsMet(store, webhook, attributes)) return undefined
    if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun')
      throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
    return await ask(https, store, webhook, attributes)
  } catch (error) {
    if (error instanceof StatusError) throw error
    if (webhook.failurePolicy === 'Ignore') return undefined
    throw internalError(
      `failed calling webhook ${JSON.stringify(webhook.name)}: failed to call webhook: ${messageOf(error)}`,
    )
  }
}

function conditionsMet(store: Store, { matchConditions = [] }: Webhook, attributes: Attributes): boolean {
  if (matchConditions.length === 0) return true
  try {
    return conditionsHold(matchConditions as never, requestValues(attributes, store), { left: EXPRESSION_STEPS })
  } catch (error) {
    if (error instanceof CelError || error instanceof CelBudgetError)
      throw new Error(`match conditions: ${error.message}`)
    throw error
  }
}
