import type { InferMessage } from '../../schema/field.ts'
import { inline, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.config.v1'
const GROUPS = [
  'X25519',
  'secp256r1',
  'secp384r1',
  'secp521r1',
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
]

export interface OldTLSProfile extends InferMessage<typeof OldTLSProfile> {}
export const OldTLSProfile = message(`${GROUP}.OldTLSProfile`, 'For old clients.', {})

export interface IntermediateTLSProfile extends InferMessage<typeof IntermediateTLSProfile> {}
export const IntermediateTLSProfile = message(`${GROUP}.IntermediateTLSProfile`, 'For most clients.', {})

export interface ModernTLSProfile extends InferMessage<typeof ModernTLSProfile> {}
export const ModernTLSProfile = message(`${GROUP}.ModernTLSProfile`, 'For new clients alone.', {})

export interface TLSProfileSpec extends InferMessage<typeof TLSProfileSpec> {}
export const TLSProfileSpec = message(`${GROUP}.TLSProfileSpec`, 'What TLS may use.', {
  ciphers: list(0, STRING, 'The ciphers.', { required: true }),
  groups: list(0, STRING, 'The groups for key exchange.', {
    listType: 'set',
    maxItems: GROUPS.length,
    items: { enum: GROUPS },
  }),
  minTLSVersion: string(0, 'The lowest version.', {
    required: true,
    enum: ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'],
  }),
})

export interface CustomTLSProfile extends InferMessage<typeof CustomTLSProfile>, TLSProfileSpec {}
export const CustomTLSProfile = message(`${GROUP}.CustomTLSProfile`, "Settings of one's own.", {
  tLSProfileSpec: inline(0, TLSProfileSpec),
})

export interface TLSSecurityProfile extends InferMessage<typeof TLSSecurityProfile> {}
export const TLSSecurityProfile = message(`${GROUP}.TLSSecurityProfile`, 'What TLS may use.', {
  type: string(0, 'Old, Intermediate, Modern or Custom.', { enum: ['Old', 'Intermediate', 'Modern', 'Custom'] }),
  old: one(0, ref<OldTLSProfile>(OldTLSProfile), 'For old clients.'),
  intermediate: one(0, ref<IntermediateTLSProfile>(IntermediateTLSProfile), 'For most clients.'),
  modern: one(0, ref<ModernTLSProfile>(ModernTLSProfile), 'For new clients alone.'),
  custom: one(0, ref<CustomTLSProfile>(CustomTLSProfile), "Settings of one's own."),
})
