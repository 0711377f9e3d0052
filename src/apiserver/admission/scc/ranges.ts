/** What a namespace has of its own: users, groups, an SELinux label. */
export interface Ranges {
  readonly users: Range
  readonly groups: readonly Range[]
  readonly level: string
}

/** Both ends belong to it. */
export interface Range {
  readonly first: number
  readonly last: number
}

type Annotations = Readonly<Record<string, string>>

const USERS = 'openshift.io/sa.scc.uid-range'
const GROUPS = 'openshift.io/sa.scc.supplemental-groups'
const LEVEL = 'openshift.io/sa.scc.mcs'

const BLOCK = 10_000
const FIRST_BLOCK = 100_065
const BLOCKS = 90_000

/** As its annotations say, else by its name: 10,000 users each. */
export function rangesOf(namespace: string, annotations: Annotations = {}): Ranges {
  const users = parse(annotations[USERS])[0] ?? block(namespace)
  const groups = parse(annotations[GROUPS])
  return {
    users,
    groups: groups.length > 0 ? groups : [users],
    level: annotations[LEVEL] ?? level(users),
  }
}

/** The annotations that say the same. */
export function annotationsOf(ranges: Ranges): Annotations {
  const text = ({ first, last }: Range): string => `${first}/${last - first + 1}`
  return { [USERS]: text(ranges.users), [GROUPS]: ranges.groups.map(text).join(), [LEVEL]: ranges.level }
}

/** "1000650000/10000" or "1000650000-1000659999", several by commas. */
function parse(annotation = ''): readonly Range[] {
  return annotation.split(',').flatMap(one => {
    const [, first, sign, second] = /^(\d+)([/-])(\d+)$/.exec(one.trim()) ?? []
    if (first === undefined) return []
    return [{ first: Number(first), last: sign === '/' ? Number(first) + Number(second) - 1 : Number(second) }]
  })
}

function block(namespace: string): Range {
  let hash = 0
  for (const char of namespace) hash = (hash * 31 + char.charCodeAt(0)) % BLOCKS
  const first = (FIRST_BLOCK + hash) * BLOCK
  return { first, last: first + BLOCK - 1 }
}

const CATEGORIES = 1024
const LABELS_PER_BLOCK = 5

/** Two categories by the number of the block, as OpenShift counts them through. */
function level({ first }: Range): string {
  const pairs = (CATEGORIES * (CATEGORIES - 1)) / 2
  const offset = ((first / BLOCK - 100_000) * LABELS_PER_BLOCK) % pairs
  const high = Math.floor((1 + Math.sqrt(1 + 8 * offset)) / 2)
  return `s0:c${high},c${offset - (high * (high - 1)) / 2}`
}
