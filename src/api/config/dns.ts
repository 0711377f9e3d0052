import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface DNSZone extends InferMessage<typeof DNSZone> {}
export const DNSZone = message(`${GROUP}.DNSZone`, '', {
  id: string(0, ''),
  tags: map(0, STRING, ''),
})

export interface DNSSpec extends InferMessage<typeof DNSSpec> {}
export const DNSSpec = message(`${GROUP}.DNSSpec`, '', {
  baseDomain: string(0, '', { required: true }),
  publicZone: one(0, ref<DNSZone>(DNSZone), ''),
  privateZone: one(0, ref<DNSZone>(DNSZone), ''),
  platform: json(0, ''),
})

export interface DNSStatus extends InferMessage<typeof DNSStatus> {}
export const DNSStatus = message(`${GROUP}.DNSStatus`, '', {})

const dNSFields = {
  spec: one(0, ref<DNSSpec>(DNSSpec), '', { present: true }),
  status: one(0, ref<DNSStatus>(DNSStatus), ''),
}

export interface DNS extends KubeObject, Infer<typeof dNSFields> {}
export const DNS = defineKind<DNS>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'DNS',
  plural: 'dnses',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.DNS',
  doc: '',
  fields: dNSFields,
})
