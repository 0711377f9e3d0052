import { duplicate, invalid, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import type { PodSecurityContext, SeccompProfile, SecurityContext } from '../security.ts'

export function securityErrors(context: SecurityContext | undefined, path: string): readonly FieldError[] {
  if (!context) return []
  const { privileged, allowPrivilegeEscalation, runAsUser, runAsGroup, seccompProfile } = context
  return [
    ...idErrors(runAsUser, `${path}.runAsUser`),
    ...idErrors(runAsGroup, `${path}.runAsGroup`),
    ...seccompErrors(seccompProfile, `${path}.seccompProfile`),
    ...(privileged && allowPrivilegeEscalation === false
      ? [invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true')]
      : []),
  ]
}

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

export function podSecurityErrors(context: PodSecurityContext | undefined, path: string): readonly FieldError[] {
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [], sysctls = [], seccompProfile } = context ?? {}
  const seen = new Set<string>()
  return [
    ...idErrors(fsGroup, `${path}.fsGroup`),
    ...idErrors(runAsUser, `${path}.runAsUser`),
    ...idErrors(runAsGroup, `${path}.runAsGroup`),
    ...supplementalGroups.flatMap((id, index) => idErrors(id, `${path}.supplementalGroups[${index}]`)),
    ...sysctls.flatMap(({ name }, index) => {
      const field = `${path}.sysctls[${index}].name`
      if (name === '') return [required(field)]
      if (seen.has(name)) return [duplicate(field, name)]
      seen.add(name)
      const isSound = name.length <= 253 && new RegExp(SYSCTL).test(name)
      return isSound ? [] : [invalid(field, name, `must have at most 253 characters and match regex ${SYSCTL}`)]
    }),
    ...seccompErrors(seccompProfile, `${path}.seccompProfile`),
  ]
}

const MAX_ID = 2147483647

const idErrors = (id: bigint | number | undefined, field: string): readonly FieldError[] =>
  id === undefined || (id >= 0 && id <= MAX_ID)
    ? []
    : [invalid(field, id, 'must be between 0 and 2147483647, inclusive')]

function seccompErrors(profile: SeccompProfile | undefined, path: string): readonly FieldError[] {
  if (!profile) return []
  const { type, localhostProfile } = profile
  const field = `${path}.localhostProfile`
  if (type === 'Localhost')
    return localhostProfile ? [] : [required(field, 'must be set when seccomp type is Localhost')]
  return localhostProfile === undefined
    ? []
    : [invalid(field, profile, 'can only be set when seccomp type is Localhost')]
}
