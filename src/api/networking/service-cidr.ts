import { parseCidr } from '../../lib/cidr.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING } from '../../schema/field.ts'
import { invalid, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import { AGE, NAME } from '../meta/columns.ts'
import { Condition } from '../meta/condition.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'io.k8s.api.networking.v1'

export interface ServiceCIDRSpec extends InferMessage<typeof ServiceCIDRSpec> {}
export const ServiceCIDRSpec = message(`${GROUP}.ServiceCIDRSpec`, 'Networks that Services get addresses from.', {
  cidrs: list(1, STRING, 'One network, or one of each family.', { atomic: true }),
})

export interface ServiceCIDRStatus extends InferMessage<typeof ServiceCIDRStatus> {}
export const ServiceCIDRStatus = message(`${GROUP}.ServiceCIDRStatus`, 'What they are at present.', {
  conditions: list(1, ref<Condition>(Condition), 'Whether they are used.', {
    listType: 'map',
    listKeys: ['type'],
    patchKey: 'type',
  }),
})

const fields = {
  spec: one(2, ref<ServiceCIDRSpec>(ServiceCIDRSpec), 'What it should be.', { present: true }),
  status: one(3, ref<ServiceCIDRStatus>(ServiceCIDRStatus), 'What it is at present; the system writes it.'),
}

export interface ServiceCIDR extends KubeObject, Infer<typeof fields> {}
export const ServiceCIDR = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  subresources: { status: true },
  namespaced: false,
  definition: 'io.k8s.api.networking.v1.ServiceCIDR',
  doc: 'Networks from which Services get their addresses.',
  fields,
  validate: errors,
  columns: [
    NAME,
    { name: 'CIDRs', type: 'string', description: 'The networks.', cell: ({ spec }) => (spec?.cidrs ?? []).join(',') },
    AGE,
  ],
})

/** ValidateServiceCIDR: one of each family at most, written as networks; those of a ServiceCIDR cannot change. */
function errors({ spec }: ServiceCIDR, old?: ServiceCIDR): readonly FieldError[] {
  const cidrs = spec?.cidrs ?? []
  const [first] = cidrs
  if (first === undefined) return [required('spec.cidrs', 'at least one CIDR required')]
  if (cidrs.length > 2) return [invalid('spec.cidrs', cidrs, 'may only hold up to 2 values')]
  const families = cidrs.map(text => parseCidr(text)?.family)
  const unreadable = families.indexOf(undefined)
  if (unreadable >= 0)
    return [
      invalid(
        `spec.cidrs[${unreadable}]`,
        cidrs[unreadable],
        'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ),
    ]
  if (families[0] === families[1])
    return [
      invalid(
        'spec.cidrs',
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    ]
  const before = old?.spec?.cidrs ?? []
  const isKept = before.every((text, i) => cidrs[i] === text)
  return isKept ? [] : [invalid('spec.cidrs', cidrs, 'field is immutable')]
}
