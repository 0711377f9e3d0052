import type { Infer, InferMessage } from '../../schema/field.ts'
import { json, map, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface DNSZone extends InferMessage<typeof DNSZone> {}
export const DNSZone = message(`${GROUP}.DNSZone`, 'A DNS zone at the platform.', {
  id: string(0, 'Its id.'),
  tags: map(0, STRING, 'Tags it is found by.'),
})

export interface DNSSpec extends InferMessage<typeof DNSSpec> {}
export const DNSSpec = message(`${GROUP}.DNSSpec`, "What the cluster's DNS should be.", {
  baseDomain: string(0, 'The domain of the cluster.', { required: true }),
  publicZone: one(0, ref<DNSZone>(DNSZone), 'The zone for names that the Internet sees.'),
  privateZone: one(0, ref<DNSZone>(DNSZone), 'The zone for names that the cluster alone sees.'),
  platform: json(0, 'Settings of the platform.'),
})

export interface DNSStatus extends InferMessage<typeof DNSStatus> {}
export const DNSStatus = message(`${GROUP}.DNSStatus`, "What the cluster's DNS is at present.", {})

const dNSFields = {
  spec: one(0, ref<DNSSpec>(DNSSpec), 'What it should be.', { present: true }),
  status: one(0, ref<DNSStatus>(DNSStatus), 'What it is at present; the system writes it.'),
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
  doc: "The cluster's domain. Its name is cluster.",
  fields: dNSFields,
  columns: [NAME, AGE],
})
