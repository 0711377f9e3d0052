import type { ClusterRole } from '../../../api/rbac/cluster-role.ts'
import type { PolicyRule } from '../../../api/rbac/role.ts'
import type { RoleBinding, RoleRef, Subject } from '../../../api/rbac/role-binding.ts'
import type { Store } from '../../../store/mod.ts'
import { follow } from '../../follow.ts'
import { prefixOf } from '../../resource/resource.ts'
import type { User } from '../user.ts'
import { accountName } from '../user.ts'
import { aggregatedRules } from './aggregate.ts'

export const GROUP = 'rbac.authorization.k8s.io'

/** A role given to a user, and by what. */
export interface Grant {
  readonly rules: readonly PolicyRule[]
  /** Why a rule of it permits, as RBAC words it. */
  readonly reason: string
  /** What is wrong with it: the role is missing. */
  readonly problem?: string
}

export interface RoleIndex {
  /** Of the cluster, and of the namespace where one is named. */
  grants(user: User, namespace: string): Generator<Grant>
  /** The same for everybody who has any; service accounts are users. */
  everybody(namespace: string): Generator<{ readonly subject: Named; readonly grant: Grant }>
  /** The rules of a role as they stand; undefined when there is no such role. */
  rulesOf(ref: RoleRef, namespace: string): readonly PolicyRule[] | undefined
  stop(): void
}

interface Named {
  readonly kind: 'User' | 'Group'
  readonly name: string
}

interface Bound {
  readonly key: string
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding'
  readonly name: string
  readonly namespace: string
  readonly roleRef: RoleRef
  readonly subject: Subject
  /** See Grant. */
  readonly reason: string
}

/** Roles and bindings as the store has them, found by subject. */
export function createRoleIndex(store: Store): RoleIndex {
  const clusterRoles = new Map<string, ClusterRole>()
  const roles = new Map<string, readonly PolicyRule[]>()
  const bindings = createBindings()
  // Aggregated rules depend on all cluster roles.
  let aggregated = new Map<string, readonly PolicyRule[]>()
  const stops = [
    follow(store, prefixOf(GROUP, 'clusterroles'), (key, object) => {
      aggregated = new Map()
      if (object) clusterRoles.set(key, object as unknown as ClusterRole)
      else clusterRoles.delete(key)
    }),
    follow(store, prefixOf(GROUP, 'roles'), (key, object) => {
      if (object) roles.set(key, (object as unknown as ClusterRole).rules ?? [])
      else roles.delete(key)
    }),
    follow(store, prefixOf(GROUP, 'clusterrolebindings'), bindings.change('ClusterRoleBinding')),
    follow(store, prefixOf(GROUP, 'rolebindings'), bindings.change('RoleBinding')),
  ]
  const clusterRules = (name: string): readonly PolicyRule[] | undefined => {
    const role = clusterRoles.get(name)
    if (!role?.aggregationRule) return role && (role.rules ?? [])
    let rules = aggregated.get(name)
    if (!rules) {
      rules = aggregatedRules(role, [...clusterRoles.values()])
      aggregated.set(name, rules)
    }
    return rules
  }
  const rulesOf = ({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined =>
    kind === 'ClusterRole' ? clusterRules(name) : roles.get(`${namespace}/${name}`)
  return {
    *grants(user, namespace) {
      for (const bound of bindings.of(user, '')) yield grantOf(bound, rulesOf(bound.roleRef, ''))
      if (namespace === '') return
      for (const bound of bindings.of(user, namespace)) yield grantOf(bound, rulesOf(bound.roleRef, namespace))
    },
    *everybody(namespace) {
      for (const scope of namespace === '' ? [''] : ['', namespace])
        for (const [bound, subject] of bindings.in(scope))
          yield { subject, grant: grantOf(bound, rulesOf(bound.roleRef, scope)) }
    },
    rulesOf,
    stop() {
      for (const stop of stops) stop()
    },
  }
}

function grantOf({ roleRef, reason }: Bound, rules: readonly PolicyRule[] | undefined): Grant {
  if (rules) return { rules, reason }
  const problem = `${roleRef.kind.toLowerCase()}.${GROUP} ${JSON.stringify(roleRef.name)} not found`
  return { rules: [], reason, problem }
}

function reasonOf({ kind, name, namespace, roleRef, subject }: Omit<Bound, 'reason'>): string {
  const binding = JSON.stringify(namespace === '' ? name : `${name}/${namespace}`)
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  return `RBAC: allowed by ${kind} ${binding} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`
}

/** Bindings by namespace (empty: of the cluster) and subject. */
function createBindings() {
  const bySubject = new Map<string, Bound[]>()
  const byKey = new Map<string, readonly string[]>()
  const forget = (id: string, key: string): void => {
    for (const subject of byKey.get(id) ?? []) {
      const rest = (bySubject.get(subject) ?? []).filter(bound => bound.key !== key)
      if (rest.length > 0) bySubject.set(subject, rest)
      else bySubject.delete(subject)
    }
    byKey.delete(id)
  }
  return {
    change: (kind: Bound['kind']) => (key: string, object: unknown) => {
      const id = `${kind} ${key}`
      forget(id, id)
      if (!object) return
      const { metadata, roleRef, subjects = [] } = object as RoleBinding
      const namespace = kind === 'RoleBinding' ? metadata.namespace! : ''
      const keys = subjects.map(subject => `${namespace} ${subjectKey(subject, namespace)}`)
      for (const [index, subject] of subjects.entries()) {
        const bound = { key: id, kind, name: metadata.name, namespace, roleRef, subject }
        const whole = { ...bound, reason: reasonOf(bound) }
        bySubject.set(keys[index]!, [...(bySubject.get(keys[index]!) ?? []), whole])
      }
      byKey.set(id, keys)
    },
    *in(namespace: string): Generator<readonly [Bound, Named]> {
      for (const list of bySubject.values())
        for (const bound of list) if (bound.namespace === namespace) yield [bound, nameOf(bound.subject, namespace)]
    },
    *of({ name, groups }: User, namespace: string): Generator<Bound> {
      yield* bySubject.get(`${namespace} User ${name}`) ?? []
      for (const group of groups) yield* bySubject.get(`${namespace} Group ${group}`) ?? []
    },
  }
}

/** Service accounts are users of that name. */
function nameOf({ kind, name, namespace = '' }: Subject, own: string): Named {
  if (kind === 'ServiceAccount') return { kind: 'User', name: accountName(namespace || own, name) }
  return { kind: kind === 'Group' ? 'Group' : 'User', name }
}

function subjectKey(subject: Subject, own: string): string {
  const { kind, name } = nameOf(subject, own)
  return `${kind} ${name}`
}
