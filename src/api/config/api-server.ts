import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { ConfigMapNameReference, SecretNameReference } from './reference.ts'
import { TLSSecurityProfile } from './tls-profile.ts'

const GROUP = 'com.github.openshift.api.config.v1'
const AUDIT_PROFILES = ['None', 'Default', 'WriteRequestBodies', 'AllRequestBodies'] as const

export interface APIServerNamedServingCert extends InferMessage<typeof APIServerNamedServingCert> {}
export const APIServerNamedServingCert = message(`${GROUP}.APIServerNamedServingCert`, 'A certificate for names.', {
  names: list(0, STRING, 'The names; those of the certificate where absent.'),
  servingCertificate: one(0, ref<SecretNameReference>(SecretNameReference), 'A Secret in openshift-config.', {
    required: true,
  }),
})

export interface APIServerServingCerts extends InferMessage<typeof APIServerServingCerts> {}
export const APIServerServingCerts = message(`${GROUP}.APIServerServingCerts`, 'Certificates of the API.', {
  namedCertificates: list(0, ref<APIServerNamedServingCert>(APIServerNamedServingCert), 'By name.'),
})

export interface APIServerEncryption extends InferMessage<typeof APIServerEncryption> {}
export const APIServerEncryption = message(`${GROUP}.APIServerEncryption`, 'How what is stored is encrypted.', {
  type: string(0, 'identity, aescbc or aesgcm.', { enum: ['', 'identity', 'aescbc', 'aesgcm'] }),
})

export interface AuditCustomRule extends InferMessage<typeof AuditCustomRule> {}
export const AuditCustomRule = message(`${GROUP}.AuditCustomRule`, 'What is told of some users.', {
  group: string(0, 'The group of users.', { required: true }),
  profile: string(0, 'What is told.', { required: true, enum: AUDIT_PROFILES }),
})

export interface Audit extends InferMessage<typeof Audit> {}
export const Audit = message(`${GROUP}.Audit`, 'What is told of requests.', {
  profile: string(0, 'What is told.', { enum: AUDIT_PROFILES }),
  customRules: list(0, ref<AuditCustomRule>(AuditCustomRule), 'Of some users.', {
    listType: 'map',
    listKeys: ['group'],
  }),
})

export interface APIServerSpec extends InferMessage<typeof APIServerSpec> {}
export const APIServerSpec = message(
  `${GROUP}.APIServerSpec`,
  'What the API should be. Here only tlsSecurityProfile counts.',
  {
    servingCerts: one(0, ref<APIServerServingCerts>(APIServerServingCerts), 'Certificates of the API.'),
    clientCA: one(0, ref<ConfigMapNameReference>(ConfigMapNameReference), 'Authorities of users, in openshift-config.'),
    additionalCORSAllowedOrigins: list(0, STRING, 'Origins that browsers may ask from, as expressions.'),
    encryption: one(0, ref<APIServerEncryption>(APIServerEncryption), 'How what is stored is encrypted.'),
    tlsSecurityProfile: one(
      0,
      ref<TLSSecurityProfile>(TLSSecurityProfile),
      'What TLS may use at IngressControllers without a profile of their own.',
    ),
    audit: one(0, ref<Audit>(Audit), 'What is told of requests.'),
  },
)

export interface APIServerStatus extends InferMessage<typeof APIServerStatus> {}
export const APIServerStatus = message(`${GROUP}.APIServerStatus`, 'What the API is at present.', {})

const apiServerFields = {
  spec: one(0, ref<APIServerSpec>(APIServerSpec), 'What it should be.', { present: true }),
  status: one(0, ref<APIServerStatus>(APIServerStatus), 'What it is at present; the system writes it.'),
}

export interface APIServer extends KubeObject, Infer<typeof apiServerFields> {}
export const APIServer = defineKind<APIServer>({
  group: 'config.openshift.io',
  version: 'v1',
  kind: 'APIServer',
  plural: 'apiservers',
  subresources: { status: true },
  namespaced: false,
  definition: 'com.github.openshift.api.config.v1.APIServer',
  doc: "The cluster's API. Its name is cluster.",
  fields: apiServerFields,
  columns: [NAME, AGE],
})
