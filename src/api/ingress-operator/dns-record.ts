import type { Infer, InferMessage } from '../../schema/field.ts'
import { int64, list, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { DNSZone } from '../config/dns.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.operatoringress.v1'

export interface DNSRecordSpec extends InferMessage<typeof DNSRecordSpec> {}
export const DNSRecordSpec = message(`${GROUP}.DNSRecordSpec`, 'What should be in DNS.', {
  dnsName: string(0, 'The name, with its final dot; it may begin with "*.".', { required: true, minLength: 1 }),
  targets: list(0, STRING, 'Addresses, or one name.', { required: true, minItems: 1 }),
  recordType: string(0, 'CNAME or A.', { required: true, enum: ['CNAME', 'A'] }),
  recordTTL: int64(0, 'How long others may remember it, in seconds.', { required: true, minimum: 0 }),
  dnsManagementPolicy: string(0, 'Whether the operator publishes it.', {
    enum: ['Managed', 'Unmanaged'],
    default: 'Managed',
  }),
})

export interface DNSZoneCondition extends InferMessage<typeof DNSZoneCondition> {}
export const DNSZoneCondition = message(`${GROUP}.DNSZoneCondition`, 'One aspect of a record in a zone.', {
  type: string(0, 'Published.', { required: true, minLength: 1 }),
  status: string(0, 'True, False or Unknown.', { required: true, minLength: 1 }),
  lastTransitionTime: time(0, 'When the status last changed.'),
  reason: string(0, 'Why, in a word.'),
  message: string(0, 'Why, in a sentence.'),
})

export interface DNSZoneStatus extends InferMessage<typeof DNSZoneStatus> {}
export const DNSZoneStatus = message(`${GROUP}.DNSZoneStatus`, 'What the record is in one zone.', {
  dnsZone: one(0, ref<DNSZone>(DNSZone), 'The zone.', { required: true }),
  conditions: list(0, ref<DNSZoneCondition>(DNSZoneCondition), 'Aspects of its state.'),
})

export interface DNSRecordStatus extends InferMessage<typeof DNSRecordStatus> {}
export const DNSRecordStatus = message(`${GROUP}.DNSRecordStatus`, 'What is in DNS at present.', {
  zones: list(0, ref<DNSZoneStatus>(DNSZoneStatus), 'By zone.'),
  observedGeneration: int64(0, 'The generation it speaks of.'),
})

const dnsRecordFields = {
  spec: one(0, ref<DNSRecordSpec>(DNSRecordSpec), 'What it should be.', { present: true }),
  status: one(0, ref<DNSRecordStatus>(DNSRecordStatus), 'What it is at present; the system writes it.'),
}

export interface DNSRecord extends KubeObject, Infer<typeof dnsRecordFields> {}
export const DNSRecord = defineKind<DNSRecord>({
  group: 'ingress.operator.openshift.io',
  version: 'v1',
  kind: 'DNSRecord',
  plural: 'dnsrecords',
  subresources: { status: true },
  namespaced: true,
  definition: `${GROUP}.DNSRecord`,
  doc: 'A record in the DNS outside: the wildcard of an IngressController.',
  fields: dnsRecordFields,
  columns: [NAME, AGE],
})
