import { parseIp } from '../../lib/ip.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { message, one, ref, string } from '../../schema/field.ts'
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface ParentReference extends InferMessage<typeof ParentReference> {}
export const ParentReference = message(`${GROUP}.ParentReference`, 'The object that has the address.', {
  group: string(1, 'Its API group; empty for the core group.'),
  resource: string(2, 'Its resource, such as services.', { required: true }),
  namespace: string(3, 'Its namespace.'),
  name: string(4, 'Its name.', { required: true }),
})

export interface IPAddressSpec extends InferMessage<typeof IPAddressSpec> {}
export const IPAddressSpec = message(`${GROUP}.IPAddressSpec`, 'Whose an address is.', {
  parentRef: one(1, ref<ParentReference>(ParentReference), 'Who has it; it cannot change.', { required: true }),
})

const fields = { spec: one(2, ref<IPAddressSpec>(IPAddressSpec), 'Whose it is.', { present: true }) }

export interface IPAddress extends KubeObject, Infer<typeof fields> {}
export const IPAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  definition: 'io.k8s.api.networking.v1.IPAddress',
  doc: 'An address of a Service. Its name is the address.',
  fields,
  validate: errors,
  columns: [
    NAME,
    { name: 'ParentRef', type: 'string', description: 'Who has it.', cell: ({ spec }) => parentText(spec?.parentRef) },
    AGE,
  ],
})

function errors({ metadata, spec }: IPAddress): readonly FieldError[] {
  const found: FieldError[] = []
  if (parseIp(metadata.name) !== metadata.name)
    found.push(invalid('metadata.name', metadata.name, 'must be a valid IP address in canonical form'))
  if (!spec?.parentRef) return [...found, required('spec.parentRef')]
  if (!spec.parentRef.resource) found.push(required('spec.parentRef.resource'))
  if (!spec.parentRef.name) found.push(required('spec.parentRef.name'))
  return found
}

function parentText(parent: ParentReference | undefined): string {
  if (!parent) return '<none>'
  const { group, resource, namespace, name } = parent
  return [[resource, group].filter(Boolean).join('.'), namespace, name].filter(Boolean).join('/')
}
