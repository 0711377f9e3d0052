import type { PolicyRule } from '../../../api/rbac/role.ts'
import { aggregateText } from '../../errors.ts'
import type { Attributes, Authorizer, Decision } from '../authorizer.ts'
import type { User } from '../user.ts'
import type { RoleIndex } from './index.ts'
import { ruleAllows } from './rules.ts'

/** Role-based access control: what no role permits is refused. */
export const rbacAuthorizer = (index: RoleIndex): Required<Authorizer> => ({
  authorize: attributes => decide(index, attributes),
  rulesFor(user, namespace) {
    const rules = new Map<string, PolicyRule>()
    const problems: string[] = []
    for (const grant of index.grants(user, namespace)) {
      for (const rule of grant.rules) rules.set(JSON.stringify(rule), rule)
      if (grant.problem) problems.push(grant.problem)
    }
    return { rules: [...rules.values()], problems }
  },
  whoCan(asked) {
    const users = new Set<string>()
    const groups = new Set<string>()
    const problems = new Set<string>()
    for (const { subject, grant } of index.everybody(asked.resource?.namespace ?? '')) {
      if (grant.problem) problems.add(grant.problem)
      // Rules do not look at who asks.
      const allows = grant.rules.some(rule => ruleAllows(rule, { ...asked, user: NOBODY }))
      if (allows) (subject.kind === 'Group' ? groups : users).add(subject.name)
    }
    return { users: [...users].sort(), groups: [...groups].sort(), problems: [...problems] }
  },
})

const NOBODY: User = { name: '', groups: [] }

function decide(index: RoleIndex, attributes: Attributes): Decision {
  const problems: string[] = []
  for (const { rules, reason, problem } of index.grants(attributes.user, attributes.resource?.namespace ?? '')) {
    if (rules.some(rule => ruleAllows(rule, attributes))) return { allowed: true, reason }
    if (problem) problems.push(problem)
  }
  if (problems.length === 0) return { allowed: false, reason: '' }
  return { allowed: false, reason: `RBAC: ${aggregateText(problems)}` }
}
