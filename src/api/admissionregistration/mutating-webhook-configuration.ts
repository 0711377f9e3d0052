import type { Infer } from '../../schema/field.ts'
import { list, ref } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { MutatingWebhook } from './webhook.ts'
import { webhookErrors } from './webhook-rules.ts'

const configurationFields = {
  webhooks: list(2, ref<MutatingWebhook>(MutatingWebhook), 'The webhooks.', {
    listType: 'map',
    listKeys: ['name'],
    patchKey: 'name',
  }),
}

export interface MutatingWebhookConfiguration extends KubeObject, Infer<typeof configurationFields> {}
export const MutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  definition: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  doc: 'Servers that are asked about requests before they are carried out.',
  fields: configurationFields,
  columns: [
    NAME,
    {
      name: 'Webhooks',
      type: 'integer',
      description: 'How many webhooks.',
      cell: ({ webhooks = [] }) => webhooks.length,
    },
    AGE,
  ],
  validate: webhookErrors,
})
