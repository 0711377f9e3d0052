/** Severities of OVN's ACL log. */
const LEVELS = ['alert', 'warning', 'notice', 'info', 'debug'] as const
export type AclLevel = (typeof LEVELS)[number]

/** What of a namespace's policies is to be logged, and how loud; absent: nothing. */
export interface AclLogging {
  readonly allow?: AclLevel
  readonly deny?: AclLevel
}

export const ACL_LOGGING = 'k8s.ovn.org/acl-logging'

/**
 * Undefined: it is not one. Empty text and {} turn logging off; fields that are not known are ignored. Source:
 * OVN-Kubernetes' documentation of the annotation on namespaces.
 */
export function readAclLogging(text: string | undefined): AclLogging | undefined {
  if (text === undefined || text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { allow, deny } = value as Readonly<Record<string, unknown>>
  if (!isLevel(allow) || !isLevel(deny)) return undefined
  return { ...(allow ? { allow: allow as AclLevel } : {}), ...(deny ? { deny: deny as AclLevel } : {}) }
}

/** What is wrong with an annotation that `readAclLogging` does not understand. */
export const ACL_LOGGING_HINT = `annotation ${ACL_LOGGING} is no JSON object with allow and deny, each one of ${LEVELS.join(', ')}`

const isLevel = (value: unknown): boolean => value === undefined || value === '' || LEVELS.includes(value as AclLevel)
