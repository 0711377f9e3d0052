import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { HEADER_NAME } from '../route/header-rules.ts'

const GROUP = 'com.github.openshift.api.operator.v1'
/** Plain text, and what HAProxy puts in its place. */
const LOG_FORMAT =
  '^(%(%|(\\{[-+]?[QXE](,[-+]?[QXE])*\\})?([A-Za-z]+|\\[[.0-9A-Z_a-z]+(\\([^)]+\\))?(,[.0-9A-Z_a-z]+(\\([^)]+\\))?)*\\]))|[^%\\x00-\\x1f\\x7f])*$'

export interface IngressControllerHTTPUniqueIdHeaderPolicy
  extends InferMessage<typeof IngressControllerHTTPUniqueIdHeaderPolicy> {}
export const IngressControllerHTTPUniqueIdHeaderPolicy = message(
  `${GROUP}.IngressControllerHTTPUniqueIdHeaderPolicy`,
  'A header that tells requests apart.',
  {
    name: string(0, 'The header.', { pattern: HEADER_NAME, maxLength: 1024 }),
    format: string(0, 'How its value is made.', { pattern: LOG_FORMAT, maxLength: 1024 }),
  },
)

export interface IngressControllerSetHTTPHeader extends InferMessage<typeof IngressControllerSetHTTPHeader> {}
export const IngressControllerSetHTTPHeader = message(`${GROUP}.IngressControllerSetHTTPHeader`, 'A value to set.', {
  value: string(0, 'The value; fetch expressions of HAProxy are allowed.', { required: true }),
})

export interface IngressControllerHTTPHeaderActionUnion
  extends InferMessage<typeof IngressControllerHTTPHeaderActionUnion> {}
export const IngressControllerHTTPHeaderActionUnion = message(
  `${GROUP}.IngressControllerHTTPHeaderActionUnion`,
  'What happens to a header.',
  {
    type: string(0, 'Set or Delete.', { required: true }),
    set: one(0, ref<IngressControllerSetHTTPHeader>(IngressControllerSetHTTPHeader), 'The value, for Set.'),
  },
)

export interface IngressControllerHTTPHeader extends InferMessage<typeof IngressControllerHTTPHeader> {}
export const IngressControllerHTTPHeader = message(
  `${GROUP}.IngressControllerHTTPHeader`,
  'A header, and what happens to it.',
  {
    name: string(0, "The header's name.", { required: true }),
    action: one(
      0,
      ref<IngressControllerHTTPHeaderActionUnion>(IngressControllerHTTPHeaderActionUnion),
      'What happens to it.',
      { required: true },
    ),
  },
)

export interface IngressControllerHTTPHeaderActions extends InferMessage<typeof IngressControllerHTTPHeaderActions> {}
export const IngressControllerHTTPHeaderActions = message(
  `${GROUP}.IngressControllerHTTPHeaderActions`,
  'Changes to headers.',
  {
    response: list(0, ref<IngressControllerHTTPHeader>(IngressControllerHTTPHeader), 'Of responses, in order.', {
      listType: 'map',
      listKeys: ['name'],
    }),
    request: list(0, ref<IngressControllerHTTPHeader>(IngressControllerHTTPHeader), 'Of requests, in order.', {
      listType: 'map',
      listKeys: ['name'],
    }),
  },
)

export interface IngressControllerHTTPHeaders extends InferMessage<typeof IngressControllerHTTPHeaders> {}
export const IngressControllerHTTPHeaders = message(
  `${GROUP}.IngressControllerHTTPHeaders`,
  'What happens to headers.',
  {
    forwardedHeaderPolicy: string(
      0,
      'Whether Forwarded and X-Forwarded headers are appended, replaced, set if absent, or left alone.',
      { enum: ['Append', 'Replace', 'IfNone', 'Never'] },
    ),
    uniqueId: one(
      0,
      ref<IngressControllerHTTPUniqueIdHeaderPolicy>(IngressControllerHTTPUniqueIdHeaderPolicy),
      'A header that tells requests apart.',
    ),
    headerNameCaseAdjustments: list(0, STRING, 'Headers whose case is kept for HTTP/1.', {
      items: { pattern: `^$|${HEADER_NAME}` },
    }),
    actions: one(0, ref<IngressControllerHTTPHeaderActions>(IngressControllerHTTPHeaderActions), 'Changes to headers.'),
  },
)
