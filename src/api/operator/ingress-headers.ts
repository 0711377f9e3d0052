import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface IngressControllerHTTPUniqueIdHeaderPolicy
  extends InferMessage<typeof IngressControllerHTTPUniqueIdHeaderPolicy> {}
export const IngressControllerHTTPUniqueIdHeaderPolicy = message(
  `${GROUP}.IngressControllerHTTPUniqueIdHeaderPolicy`,
  '',
  {
    name: string(0, ''),
    format: string(0, ''),
  },
)

export interface IngressControllerSetHTTPHeader extends InferMessage<typeof IngressControllerSetHTTPHeader> {}
export const IngressControllerSetHTTPHeader = message(`${GROUP}.IngressControllerSetHTTPHeader`, '', {
  value: string(0, '', { required: true }),
})

export interface IngressControllerHTTPHeaderActionUnion
  extends InferMessage<typeof IngressControllerHTTPHeaderActionUnion> {}
export const IngressControllerHTTPHeaderActionUnion = message(`${GROUP}.IngressControllerHTTPHeaderActionUnion`, '', {
  type: string(0, '', { required: true }),
  set: one(0, ref<IngressControllerSetHTTPHeader>(IngressControllerSetHTTPHeader), ''),
})

export interface IngressControllerHTTPHeader extends InferMessage<typeof IngressControllerHTTPHeader> {}
export const IngressControllerHTTPHeader = message(`${GROUP}.IngressControllerHTTPHeader`, '', {
  name: string(0, '', { required: true }),
  action: one(0, ref<IngressControllerHTTPHeaderActionUnion>(IngressControllerHTTPHeaderActionUnion), '', {
    required: true,
  }),
})

export interface IngressControllerHTTPHeaderActions extends InferMessage<typeof IngressControllerHTTPHeaderActions> {}
export const IngressControllerHTTPHeaderActions = message(`${GROUP}.IngressControllerHTTPHeaderActions`, '', {
  response: list(0, ref<IngressControllerHTTPHeader>(IngressControllerHTTPHeader), '', {
    listType: 'map',
    listKeys: ['name'],
  }),
  request: list(0, ref<IngressControllerHTTPHeader>(IngressControllerHTTPHeader), '', {
    listType: 'map',
    listKeys: ['name'],
  }),
})

export interface IngressControllerHTTPHeaders extends InferMessage<typeof IngressControllerHTTPHeaders> {}
export const IngressControllerHTTPHeaders = message(`${GROUP}.IngressControllerHTTPHeaders`, '', {
  forwardedHeaderPolicy: string(0, '', { enum: ['Append', 'Replace', 'IfNone', 'Never'] }),
  uniqueId: one(0, ref<IngressControllerHTTPUniqueIdHeaderPolicy>(IngressControllerHTTPUniqueIdHeaderPolicy), ''),
  headerNameCaseAdjustments: list(0, STRING, ''),
  actions: one(0, ref<IngressControllerHTTPHeaderActions>(IngressControllerHTTPHeaderActions), ''),
})
