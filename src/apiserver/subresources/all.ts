import { requestApproval } from './approval.ts'
import { podBinding } from './binding.ts'
import { podEphemeralContainers } from './ephemeral-containers.ts'
import { podEviction } from './eviction.ts'
import { namespaceFinalize } from './finalize.ts'
import type { Subresource } from './mod.ts'
import { podResize } from './resize.ts'
import { accountToken } from './token.ts'

/** The subresources of built-in types that need no runtime, by group/plural/name. */
export const BUILTIN_SUBRESOURCES: Readonly<Record<string, Subresource>> = {
  '/namespaces/finalize': namespaceFinalize,
  '/pods/binding': podBinding,
  '/pods/ephemeralcontainers': podEphemeralContainers,
  '/pods/eviction': podEviction,
  '/pods/resize': podResize,
  '/serviceaccounts/token': accountToken,
  'certificates.k8s.io/certificatesigningrequests/approval': requestApproval,
}
