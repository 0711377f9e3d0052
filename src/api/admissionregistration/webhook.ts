import type { InferMessage } from '../../schema/field.ts'
import { int32, list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { LabelSelector } from '../meta/selector.ts'
import { GROUP, MatchCondition, RuleWithOperations, WebhookClientConfig } from './rule.ts'

const POLICIES = ['Fail', 'Ignore']
const MATCHES = ['Exact', 'Equivalent']
const EFFECTS = ['Unknown', 'None', 'Some', 'NoneOnDryRun']

/** What both kinds of webhooks have under the same tags. */
const shared = {
  name: string(1, 'Its full name, under a domain.', { required: true }),
  clientConfig: one(2, ref<WebhookClientConfig>(WebhookClientConfig), 'How it is reached.', { required: true }),
  rules: list(3, ref<RuleWithOperations>(RuleWithOperations), 'Which requests it is asked about.'),
  failurePolicy: string(4, 'What an answer that does not come means.', {
    explicit: true,
    enum: POLICIES,
    default: 'Fail',
  }),
  matchPolicy: string(9, 'Whether other versions of a resource are meant too.', {
    explicit: true,
    enum: MATCHES,
    default: 'Equivalent',
  }),
  namespaceSelector: one(5, ref<LabelSelector>(LabelSelector), 'In which namespaces.', { default: {} }),
  sideEffects: string(6, 'What else it does.', { explicit: true, required: true, enum: EFFECTS }),
  timeoutSeconds: int32(7, 'How long it is waited for.', { explicit: true, default: 10 }),
  admissionReviewVersions: list(8, STRING, 'Versions of the question it understands, the best first.', {
    required: true,
  }),
}

const conditions = (tag: number) =>
  list(tag, ref<MatchCondition>(MatchCondition), 'All must hold for it to be asked.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  })

export interface ValidatingWebhook extends InferMessage<typeof ValidatingWebhook> {}
export const ValidatingWebhook = message(`${GROUP}.ValidatingWebhook`, 'One that may refuse a request.', {
  ...shared,
  objectSelector: one(10, ref<LabelSelector>(LabelSelector), 'About which objects.', { default: {} }),
  matchConditions: conditions(11),
})

export interface MutatingWebhook extends InferMessage<typeof MutatingWebhook> {}
export const MutatingWebhook = message(`${GROUP}.MutatingWebhook`, 'One that may change or refuse a request.', {
  ...shared,
  reinvocationPolicy: string(10, 'Whether it is asked again after others changed the object.', {
    explicit: true,
    enum: ['Never', 'IfNeeded'],
    default: 'Never',
  }),
  objectSelector: one(11, ref<LabelSelector>(LabelSelector), 'About which objects.', { default: {} }),
  matchConditions: conditions(12),
})
