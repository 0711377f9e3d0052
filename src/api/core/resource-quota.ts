import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, map, message, one, QUANTITY, ref, STRING, string } from '../../schema/field.ts'
import { invalid } from '../../schema/field-error.ts'
import { parseQuantity } from '../../schema/quantity.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { NOT_NEGATIVE } from '../meta/rules.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ScopedResourceSelectorRequirement extends InferMessage<typeof ScopedResourceSelectorRequirement> {}
export const ScopedResourceSelectorRequirement = message(
  `${GROUP}.ScopedResourceSelectorRequirement`,
  'A demand on a scope.',
  {
    scopeName: string(1, 'The scope.', { required: true }),
    operator: string(2, 'How scope and values relate.', {
      required: true,
      enum: ['DoesNotExist', 'Exists', 'In', 'NotIn'],
    }),
    values: list(3, STRING, 'The values.'),
  },
)

export interface ScopeSelector extends InferMessage<typeof ScopeSelector> {}
export const ScopeSelector = message(
  `${GROUP}.ScopeSelector`,
  'Demands on scopes that must all hold.',
  {
    matchExpressions: list(
      1,
      ref<ScopedResourceSelectorRequirement>(ScopedResourceSelectorRequirement),
      'The demands.',
    ),
  },
  { atomic: true },
)

export interface ResourceQuotaSpec extends InferMessage<typeof ResourceQuotaSpec> {}
export const ResourceQuotaSpec = message(`${GROUP}.ResourceQuotaSpec`, 'How much a namespace may have.', {
  hard: map(1, QUANTITY, 'The limits, by what is counted.'),
  scopes: list(2, STRING, 'Only pods in all of these scopes count.'),
  scopeSelector: one(3, ref<ScopeSelector>(ScopeSelector), 'Only pods in these scopes count.'),
})

export interface ResourceQuotaStatus extends InferMessage<typeof ResourceQuotaStatus> {}
export const ResourceQuotaStatus = message(`${GROUP}.ResourceQuotaStatus`, 'How much a namespace has.', {
  hard: map(1, QUANTITY, 'The limits that are enforced.'),
  used: map(2, QUANTITY, 'What is used of each.'),
})

const resourceQuotaFields = {
  spec: one(2, ref<ResourceQuotaSpec>(ResourceQuotaSpec), 'How much there may be.', { present: true }),
  status: one(3, ref<ResourceQuotaStatus>(ResourceQuotaStatus), 'How much there is; the system writes it.'),
}

export interface ResourceQuota extends KubeObject, Infer<typeof resourceQuotaFields> {}

const negativeAmounts = (amounts: Readonly<Record<string, string>> | undefined, path: string) =>
  Object.entries(amounts ?? {})
    .filter(([, amount]) => (parseQuantity(String(amount))?.nano ?? 0n) < 0n)
    .map(([name, amount]) => invalid(`${path}[${name}]`, amount, NOT_NEGATIVE))

/** "pods: 1/5, requests.cpu: 100m/2" */
function shares({ status }: ResourceQuota, isWanted: (name: string) => boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter(isWanted)
    .sort()
    .map(name => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ')
}
const isLimit = (name: string): boolean => name.startsWith('limits.')

export const ResourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  subresources: { status: true },
  namespaced: true,
  definition: 'io.k8s.api.core.v1.ResourceQuota',
  doc: 'Limits what a namespace may have.',
  fields: resourceQuotaFields,
  validate: ({ spec }) => negativeAmounts(spec?.hard, 'spec.hard'),
  columns: [
    NAME,
    {
      name: 'Request',
      type: 'string',
      description: 'What is used of counts and requests.',
      cell: object => shares(object, name => !isLimit(name)),
    },
    { name: 'Limit', type: 'string', description: 'What is used of limits.', cell: object => shares(object, isLimit) },
    AGE,
  ],
})
