import type { Constraint } from './bundled.ts'

/** Higher priority first, then the stricter, then by name. Source: apiserver-library-go, util/sort. */
export const inOrder = <C extends Constraint>(constraints: Iterable<C>): readonly C[] =>
  [...constraints].sort(
    (a, b) =>
      (b.priority ?? 0) - (a.priority ?? 0) || freedom(a) - freedom(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
  )

const STRATEGY: Readonly<Record<string, number>> = {
  RunAsAny: 40_000,
  MustRunAsNonRoot: 30_000,
  MustRunAsRange: 20_000,
  MustRunAs: 10_000,
}
const TRIVIAL = new Set(['secret', 'configMap', 'emptyDir', 'downwardAPI', 'projected', 'none'])

/** More where more is allowed. */
function freedom(constraint: Constraint): number {
  const { runAsUser, seLinuxContext, volumes = [] } = constraint
  const hasHost = volumes.includes('hostPath') || volumes.includes('*')
  return (
    (constraint.allowPrivilegedContainer ? 1_600_000 : 0) +
    (constraint.allowHostPorts ? 800_000 : 0) +
    (constraint.allowHostNetwork ? 400_000 : 0) +
    (hasHost ? 200_000 : volumes.every(name => TRIVIAL.has(name)) ? 0 : 100_000) +
    (STRATEGY[runAsUser?.type ?? ''] ?? 0) +
    (STRATEGY[seLinuxContext?.type ?? ''] ?? 0) +
    capabilities(constraint)
  )
}

function capabilities(constraint: Constraint): number {
  // Lists may be null.
  const adds = constraint.defaultAddCapabilities ?? []
  const allowed = constraint.allowedCapabilities ?? []
  const drops = constraint.requiredDropCapabilities ?? []
  const points =
    5000 +
    300 * adds.length +
    (allowed.includes('*') || allowed.includes('ALL') ? 4000 : 10 * allowed.length) -
    (drops.includes('ALL') ? 3000 : 50 * drops.length)
  return Math.min(9999, Math.max(0, points))
}
