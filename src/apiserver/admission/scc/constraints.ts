/** What pods of a kind of trust may ask for. Source: OpenShift's bundled security context constraints. */
export interface Constraint {
  readonly name: string
  /** Tried first when higher; then the stricter one, then by name. */
  readonly priority: number
  /** The stricter, the lower. */
  readonly freedom: number
  readonly user: 'range' | 'non-root' | 'any'
  readonly hostNetwork: boolean
  readonly hostPorts: boolean
  readonly hostPath: boolean
  readonly privileged: boolean
  /** Taken from every container. */
  readonly drops: readonly string[]
  /** May be added; * is all. */
  readonly adds: readonly string[]
  readonly mayEscalate: boolean
}

const STRICT = {
  priority: 0,
  user: 'range',
  hostNetwork: false,
  hostPorts: false,
  hostPath: false,
  privileged: false,
  drops: ['ALL'],
  adds: ['NET_BIND_SERVICE'],
  mayEscalate: false,
} as const

/** Everybody may use the first. */
export const CONSTRAINTS: readonly Constraint[] = [
  { ...STRICT, name: 'restricted-v2', freedom: 0 },
  { ...STRICT, name: 'nonroot-v2', freedom: 1, user: 'non-root' },
  { ...STRICT, name: 'hostnetwork-v2', freedom: 3, hostNetwork: true, hostPorts: true },
  { ...STRICT, name: 'anyuid', freedom: 2, priority: 10, user: 'any', drops: ['MKNOD'], adds: [], mayEscalate: true },
  {
    ...STRICT,
    name: 'hostaccess',
    freedom: 4,
    hostNetwork: true,
    hostPorts: true,
    hostPath: true,
    drops: ['KILL', 'MKNOD', 'SETUID', 'SETGID'],
    adds: [],
    mayEscalate: true,
  },
  {
    ...STRICT,
    name: 'privileged',
    freedom: 5,
    user: 'any',
    hostNetwork: true,
    hostPorts: true,
    hostPath: true,
    privileged: true,
    drops: [],
    adds: ['*'],
    mayEscalate: true,
  },
]

export const UID_RANGE = 'openshift.io/sa.scc.uid-range'
export const GROUPS = 'openshift.io/sa.scc.supplemental-groups'
export const ASSIGNED = 'openshift.io/scc'
export const REQUIRED = 'openshift.io/required-scc'

export interface Range {
  readonly first: number
  readonly last: number
}

const BLOCK = 10_000
const FIRST_BLOCK = 100_065
const BLOCKS = 90_000

/** The users of a namespace, of 10,000 each: as its annotation says, else by its name. */
export function uidRange(namespace: string, annotation: string | undefined): Range {
  const [, first, count] = /^(\d+)\/(\d+)$/.exec(annotation ?? '') ?? []
  if (first !== undefined) return { first: Number(first), last: Number(first) + Number(count) - 1 }
  let hash = 0
  for (const char of namespace) hash = (hash * 31 + char.charCodeAt(0)) % BLOCKS
  const start = (FIRST_BLOCK + hash) * BLOCK
  return { first: start, last: start + BLOCK - 1 }
}

export const rangeText = ({ first, last }: Range): string => `${first}/${last - first + 1}`
