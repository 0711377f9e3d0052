import type { InferMessage } from '../../schema/field.ts'
import { inline, list, message, one, ref, STRING, string } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.config.v1'

export interface OldTLSProfile extends InferMessage<typeof OldTLSProfile> {}
export const OldTLSProfile = message(`${GROUP}.OldTLSProfile`, '', {})

export interface IntermediateTLSProfile extends InferMessage<typeof IntermediateTLSProfile> {}
export const IntermediateTLSProfile = message(`${GROUP}.IntermediateTLSProfile`, '', {})

export interface ModernTLSProfile extends InferMessage<typeof ModernTLSProfile> {}
export const ModernTLSProfile = message(`${GROUP}.ModernTLSProfile`, '', {})

export interface TLSProfileSpec extends InferMessage<typeof TLSProfileSpec> {}
export const TLSProfileSpec = message(`${GROUP}.TLSProfileSpec`, '', {
  ciphers: list(0, STRING, '', { required: true }),
  groups: list(0, STRING, '', { listType: 'set' }),
  minTLSVersion: string(0, '', {
    required: true,
    enum: ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'],
  }),
})

export interface CustomTLSProfile extends InferMessage<typeof CustomTLSProfile>, TLSProfileSpec {}
export const CustomTLSProfile = message(`${GROUP}.CustomTLSProfile`, '', {
  tLSProfileSpec: inline(0, TLSProfileSpec),
})

export interface TLSSecurityProfile extends InferMessage<typeof TLSSecurityProfile> {}
export const TLSSecurityProfile = message(`${GROUP}.TLSSecurityProfile`, '', {
  type: string(0, '', { enum: ['Old', 'Intermediate', 'Modern', 'Custom'] }),
  old: one(0, ref<OldTLSProfile>(OldTLSProfile), ''),
  intermediate: one(0, ref<IntermediateTLSProfile>(IntermediateTLSProfile), ''),
  modern: one(0, ref<ModernTLSProfile>(ModernTLSProfile), ''),
  custom: one(0, ref<CustomTLSProfile>(CustomTLSProfile), ''),
})
