import { randomUUID } from 'node:crypto'
import type { PolicyRule } from '../../../api/rbac/role.ts'
import type { Subject } from '../../../api/rbac/role-binding.ts'
import { rfc3339 } from '../../../lib/clock.ts'
import type { Change, Store } from '../../../store/mod.ts'
import type { Kernel } from '../../context.ts'
import type { JsonObject, Obj } from '../../object.ts'
import type { Resource } from '../../resource/resource.ts'
import { decodeStored, encodeStored } from '../../stored.ts'
import { GROUP } from './index.ts'
import type { BindingManifest, RoleManifest, RoleManifests } from './manifest.ts'

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const BOOTSTRAPPING = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

/**
 * Makes the roles and bindings that are missing, and gives back to those that are there what was taken from them; what
 * was added to them stays, and one whose annotation says so is left alone. All of it in one transaction.
 */
export async function reconcileRoles(kernel: Kernel, manifests: readonly RoleManifests[]): Promise<void> {
  const { store, registry } = kernel
  const roles = registry.find(GROUP, 'v1', 'clusterroles')
  const bindings = registry.find(GROUP, 'v1', 'clusterrolebindings')
  if (!roles || !bindings) return
  const everything = manifests.flatMap(all => all.roles)
  const changes = manifests.flatMap(all => [
    ...all.roles.map(role => change(kernel, roles, roleObject(role, everything), 'rules')),
    ...all.bindings.map(binding => change(kernel, bindings, bindingObject(binding), 'subjects')),
  ])
  const due = changes.filter(each => each !== undefined)
  if (due.length > 0) await store.transaction(due)
}

interface Draft {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown }
  readonly rules?: readonly PolicyRule[]
  readonly subjects?: readonly Subject[]
  readonly [field: string]: unknown
}

const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { ...BOOTSTRAPPING, ...labels },
  annotations: { [AUTOUPDATE]: 'true' },
})

const roleObject = (role: RoleManifest, all: readonly RoleManifest[]): Draft => ({
  metadata: metadata(role.name, role.labels),
  ...(role.aggregates === undefined
    ? {}
    : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [role.aggregates]: 'true' } }] } }),
  rules: rulesOf(role, all),
})

/** Of an aggregated role, what it will come to by itself, so that it is right from the start. */
function rulesOf(role: RoleManifest, all: readonly RoleManifest[]): readonly PolicyRule[] {
  const { aggregates } = role
  if (aggregates === undefined) return role.rules
  const parts = all
    .filter(other => other !== role && other.labels?.[aggregates] === 'true')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const rules = parts.flatMap(part => rulesOf(part, all))
  return [...new Map(rules.map(rule => [JSON.stringify(rule), rule])).values()]
}

const bindingObject = ({ name, role = name, groups = [], users = [] }: BindingManifest): Draft => ({
  metadata: metadata(name),
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [
    ...groups.map(group => ({ apiGroup: GROUP, kind: 'Group', name: group })),
    ...users.map(user => ({ apiGroup: GROUP, kind: 'User', name: user })),
  ],
})

/** Undefined where nothing is missing. */
function change(
  { store, clock }: { readonly store: Store; readonly clock: Kernel['clock'] },
  resource: Resource,
  draft: Draft,
  list: 'rules' | 'subjects',
): Change | undefined {
  const key = resource.prefix + draft.metadata.name
  const encode =
    (object: JsonObject): Change['encode'] =>
    revision =>
      encodeStored(resource, { kind: resource.kind, ...object } as Obj, revision)
  const stored = store.head(key)
  if (!stored) {
    const filled = { ...draft.metadata, uid: randomUUID(), creationTimestamp: rfc3339(clock.now()) }
    return { op: 'create', key, encode: encode({ ...draft, metadata: filled }) }
  }
  const object = decodeStored(resource, stored)
  if (object.metadata.annotations?.[AUTOUPDATE] !== 'true') return undefined
  const present = (object[list] ?? []) as readonly (PolicyRule | Subject)[]
  const known = new Set(present.map(item => JSON.stringify(item)))
  const missing = ((draft[list] ?? []) as typeof present).filter(item => !known.has(JSON.stringify(item)))
  if (missing.length === 0) return undefined
  return { op: 'update', key, expect: stored.revision, encode: encode({ ...object, [list]: [...present, ...missing] }) }
}
