import type { Store } from '../../../store/mod.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import type { User } from '../../auth/user.ts'
import { accountGroups, accountName, accountOf, LOOPBACK } from '../../auth/user.ts'
import { forbidden } from '../../errors.ts'
import type { Obj } from '../../object.ts'
import type { Registry } from '../../resource/registry.ts'
import { keyOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { shownName } from '../mod.ts'
import type { Constraint, Range } from './constraints.ts'
import { ASSIGNED, CONSTRAINTS, GROUPS, REQUIRED, rangeText, UID_RANGE, uidRange } from './constraints.ts'
import type { PodSpec } from './fit.ts'
import { apply, misfits } from './fit.ts'

/** The cluster's own: what runs there is trusted. */
const isExempt = (namespace: string): boolean =>
  /^(default|kube-system|kube-public|kube-node-lease|openshift)$/.test(namespace) || namespace.startsWith('openshift-')

/**
 * Pods get users and capabilities as OpenShift gives them: by the first security context constraint that they fit and that
 * their account or maker may use. Pods that fit none are refused, with the reason for each.
 */
export function securityConstraints(authorizer: Authorizer, store: Store, registry: Registry): Plugin {
  return {
    name: 'SecurityContextConstraint',
    operations: ['CREATE'],
    admit(attributes) {
      const { resource, subresource, object, namespace = '', name } = attributes
      if (resource.group !== '' || subresource !== '') return
      if (resource.plural === 'namespaces') return annotate(object!, name)
      if (resource.plural !== 'pods' || isExempt(namespace)) return
      constrain(attributes, usable(authorizer, attributes), rangeOf(store, registry, namespace))
    },
  }
}

function constrain(
  { object, resource, name }: Attributes,
  may: (constraint: Constraint) => boolean,
  range: Range,
): void {
  const pod = object!
  const spec = pod.spec as PodSpec
  const required = pod.metadata.annotations?.[REQUIRED]
  const refused: string[] = []
  for (const constraint of inOrder(CONSTRAINTS)) {
    if (required !== undefined && constraint.name !== required) continue
    const errors = may(constraint)
      ? misfits(spec, constraint, range)
      : ['Forbidden: not usable by user or serviceaccount']
    if (errors.length === 0) {
      apply(spec, constraint, range)
      pod.metadata.annotations = { ...pod.metadata.annotations, [ASSIGNED]: constraint.name }
      return
    }
    refused.push(...errors.map(error => `provider ${JSON.stringify(constraint.name)}: ${error}`))
  }
  throw forbidden(
    resource,
    shownName(pod, name),
    `unable to validate against any security context constraint: [${refused.join(', ')}]`,
  )
}

const inOrder = (constraints: readonly Constraint[]): readonly Constraint[] =>
  [...constraints].sort((a, b) => b.priority - a.priority || a.freedom - b.freedom || (a.name < b.name ? -1 : 1))

/** By the pod's account, or by whoever makes the pod himself; controllers make pods for others. */
function usable(authorizer: Authorizer, attributes: Attributes): (constraint: Constraint) => boolean {
  const { user, object, namespace = '' } = attributes
  const account = (object!.spec as { serviceAccountName?: string }).serviceAccountName ?? 'default'
  const users: User[] = [{ name: accountName(namespace, account), groups: accountGroups(namespace) }]
  const isController =
    user.name === LOOPBACK.name || user.name.startsWith('system:') || accountOf(user.name) !== undefined
  if (!isController || user.name === 'system:admin') users.push(user)
  return ({ name }) => {
    if (name === 'restricted-v2') return true
    const resource = {
      group: 'security.openshift.io',
      version: 'v1',
      plural: 'securitycontextconstraints',
      subresource: '',
      namespace,
      name,
    }
    return users.some(one => authorizer.authorize({ user: one, verb: 'use', path: '', resource }).allowed)
  }
}

function rangeOf(store: Store, registry: Registry, namespace: string): Range {
  const resource = registry.find('', 'v1', 'namespaces')
  const stored = resource && store.head(keyOf(resource, undefined, namespace))
  return uidRange(namespace, stored && parseBytes(stored.value).metadata.annotations?.[UID_RANGE])
}

function annotate(namespace: Obj, name: string): void {
  const range = rangeText(uidRange(name, namespace.metadata.annotations?.[UID_RANGE]))
  namespace.metadata.annotations = { [UID_RANGE]: range, [GROUPS]: range, ...namespace.metadata.annotations }
}
