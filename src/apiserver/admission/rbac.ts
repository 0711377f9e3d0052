import type { PolicyRule } from '../../api/rbac/role.ts'
import type { RoleRef } from '../../api/rbac/role-binding.ts'
import { jsonEqual } from '../../wire/json/value.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import { quoted, ruleText, uncovered } from '../auth/rbac/covers.ts'
import type { RoleIndex } from '../auth/rbac/index.ts'
import { GROUP } from '../auth/rbac/index.ts'
import { MASTERS } from '../auth/user.ts'
import { forbidden } from '../errors.ts'
import type { Attributes, Plugin } from './mod.ts'

const ROLES = new Set(['roles', 'clusterroles'])
const BINDINGS = new Set(['rolebindings', 'clusterrolebindings'])

/**
 * Nobody gives away what he does not have: roles and bindings are refused to whoever lacks one of their rules, and may
 * neither `escalate` nor `bind`. Source: k8s.io/kubernetes/pkg/registry/rbac.
 */
export function escalation(authorizer: Authorizer, index: RoleIndex): Plugin {
  const check = async (attributes: Attributes, verb: string, role: RoleRef, rules: readonly PolicyRule[]) => {
    const { user, namespace = '', resource, name } = attributes
    const plural = role.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
    const asked = { group: GROUP, version: 'v1', plural, subresource: '', namespace, name: role.name }
    if ((await authorizer.authorize({ user, verb, path: '', resource: asked })).allowed) return
    const held = authorizer.rulesFor?.(user, namespace) ?? { rules: [], problems: [] }
    const missing = uncovered(held.rules, rules)
    if (missing.length === 0) return
    const trouble = held.problems.length > 0 ? `; resolution errors: ${quoted(held.problems)}` : ''
    throw forbidden(
      resource,
      name,
      `user ${JSON.stringify(user.name)} (groups=${quoted(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${missing.map(ruleText).join('\n')}${trouble}`,
    )
  }
  return {
    name: 'RBACEscalation',
    operations: ['CREATE', 'UPDATE'],
    async validate(attributes) {
      const { resource, user, object, old, namespace = '' } = attributes
      if (resource.group !== GROUP || user.groups.includes(MASTERS)) return
      if (ROLES.has(resource.plural) && !(old && jsonEqual(old.rules, object!.rules) && same(attributes))) {
        const role = { apiGroup: GROUP, kind: resource.kind, name: attributes.name }
        await check(attributes, 'escalate', role, (object!.rules ?? []) as readonly PolicyRule[])
        if (object!.aggregationRule) await check(attributes, 'escalate', role, EVERYTHING)
      }
      if (!BINDINGS.has(resource.plural)) return
      if (old && jsonEqual(old.subjects, object!.subjects) && jsonEqual(old.roleRef, object!.roleRef)) return
      const role = object!.roleRef as RoleRef
      const rules = index.rulesOf(role, namespace)
      const verb = 'bind'
      // A role that is not there may come to hold anything.
      await check(attributes, verb, role, rules ?? EVERYTHING)
    },
  }
}

const same = ({ old, object }: Attributes): boolean => jsonEqual(old!.aggregationRule, object!.aggregationRule)

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]
