import type { Registry } from '../resource/registry.ts'
import type { Condition, Definition, Names } from './definition.ts'
import { fullNames, withConditions } from './definition.ts'

/** Upstream's reason, and what is taken. */
interface NameConflict {
  readonly reason: string
  readonly message: string
}

/** The definition's status after its names were compared with those of all other types of the group. */
export function statusWithNames(
  definition: Definition,
  registry: Registry,
  now: string,
): NonNullable<Definition['status']> {
  const { spec, status } = definition
  const names = fullNames(spec.names)
  const problem = nameConflict(definition, names, registry)
  const stored = spec.versions.find(({ storage }) => storage)
  const storedVersions = new Set([...(status?.storedVersions ?? []), ...(stored ? [stored.name] : [])])
  const conditions = withConditions(
    (status?.conditions ?? []) as readonly Condition[],
    conditionsFor(problem, status),
    now,
  )
  const acceptedNames = problem ? (status?.acceptedNames ?? { plural: '', kind: '' }) : names
  return { ...status, conditions, acceptedNames, storedVersions: [...storedVersions] }
}

function conditionsFor(problem: NameConflict | undefined, status: Definition['status']) {
  const established = (status?.conditions ?? []).find(({ type }) => type === 'Established')
  if (!problem)
    return [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      },
    ] as const
  const refused = { type: 'NamesAccepted', status: 'False', ...problem } as const
  // A kind in use stays in use under its old names.
  if (established?.status === 'True') return [refused]
  return [
    refused,
    { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
  ] as const
}

function nameConflict(definition: Definition, names: Names, registry: Registry): NameConflict | undefined {
  const { group } = definition.spec
  const taken = new Set<string>()
  const kinds = new Set<string>()
  for (const other of registry.all()) {
    if (other.group !== group || other.plural === names.plural) continue
    for (const name of [other.plural, other.singular, ...other.shortNames]) taken.add(name)
    kinds.add(other.kind).add(other.listKind)
  }
  const conflict = (reason: string, name: string) => ({ reason, message: `${JSON.stringify(name)} is already in use` })
  if (taken.has(names.plural)) return conflict('PluralConflict', names.plural)
  if (taken.has(names.singular!)) return conflict('SingularConflict', names.singular!)
  for (const name of names.shortNames ?? []) if (taken.has(name)) return conflict('ShortNamesConflict', name)
  if (kinds.has(names.kind)) return conflict('KindConflict', names.kind)
  if (kinds.has(names.listKind!)) return conflict('ListKindConflict', names.listKind!)
  return undefined
}
