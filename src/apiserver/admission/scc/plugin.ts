import { isDeepStrictEqual } from 'node:util'
import type { SecurityContextConstraints } from '../../../api/security/security-context-constraints.ts'
import type { Store } from '../../../store/mod.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import type { User } from '../../auth/user.ts'
import { accountOf, accountUser, LOOPBACK } from '../../auth/user.ts'
import { aggregateText, forbidden } from '../../errors.ts'
import { follow } from '../../follow.ts'
import type { Obj } from '../../object.ts'
import type { Registry } from '../../resource/registry.ts'
import { keyOf, prefixOf } from '../../resource/resource.ts'
import { parseBytes } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { shownName } from '../mod.ts'
import type { Fit, PodSpec } from './fit.ts'
import { carryOut, fitTo, profileName, SECCOMP } from './fit.ts'
import { inOrder } from './order.ts'
import type { Ranges } from './ranges.ts'
import { annotationsOf, rangesOf } from './ranges.ts'

const GROUP = 'security.openshift.io'
const PLURAL = 'securitycontextconstraints'
const ASSIGNED = 'openshift.io/scc'
const REQUIRED = 'openshift.io/required-scc'
const USED_BY = 'security.openshift.io/validated-scc-subject-type'

/** The cluster's own: what runs there is trusted. */
const isExempt = (namespace: string): boolean =>
  /^(default|kube-system|kube-public|kube-node-lease|openshift)$/.test(namespace) || namespace.startsWith('openshift-')

/**
 * Pods get users and capabilities as OpenShift gives them: by the first security context constraint that they fit and that
 * their account or maker may use. Pods that fit none are refused, with the reason for each.
 */
export function securityConstraints(authorizer: Authorizer, store: Store, registry: Registry): Plugin {
  const constraints = followed(store)
  return {
    name: 'SecurityContextConstraint',
    operations: ['CREATE', 'UPDATE'],
    admit(attributes) {
      const { resource, subresource, operation, object, namespace = '', name } = attributes
      if (resource.group !== '') return
      const isMade = operation === 'CREATE' && subresource === ''
      if (resource.plural === 'namespaces') return isMade ? annotate(object!, name) : undefined
      const isDebugged = operation === 'UPDATE' && subresource === 'ephemeralcontainers'
      if (resource.plural !== 'pods' || isExempt(namespace) || !(isMade || isDebugged)) return
      constrain(attributes, constraints(), usable(authorizer, attributes), rangesIn(store, registry, namespace))
    },
  }
}

type Constraints = readonly SecurityContextConstraints[]

/** All there are, in the order in which they are tried. Read when first asked for. */
function followed(store: Store): () => Constraints {
  const known = new Map<string, SecurityContextConstraints>()
  let sorted: Constraints | undefined
  let isFollowing = false
  return () => {
    if (!isFollowing)
      follow(store, prefixOf(GROUP, PLURAL), (key, object) => {
        if (object) known.set(key, object as unknown as SecurityContextConstraints)
        else known.delete(key)
        sorted = undefined
      })
    isFollowing = true
    sorted ??= inOrder(known.values())
    return sorted
  }
}

/** The same, for who asks seldom. */
export const constraintsIn = (store: Store): Constraints =>
  inOrder(
    store
      .range(prefixOf(GROUP, PLURAL))
      .items.map(({ value }) => parseBytes(value) as unknown as SecurityContextConstraints),
  )

/** Who may use a constraint. */
type Usable = (constraint: SecurityContextConstraints) => 'serviceaccount' | 'user' | undefined

function constrain(attributes: Attributes, constraints: Constraints, may: Usable, ranges: Ranges): void {
  const pod = attributes.object!
  const required = pod.metadata.annotations?.[REQUIRED]
  const tried = required === undefined ? constraints : constraints.filter(one => one.metadata.name === required)
  const refuse = (why: string): Error => forbidden(attributes.resource, shownName(pod, attributes.name), why)
  if (tried.length === 0 && required !== undefined)
    throw refuse(
      `failed to retrieve the required SCC ${JSON.stringify(required)}: ${PLURAL}.${GROUP} ${JSON.stringify(required)} not found`,
    )
  if (tried.length === 0) throw refuse('no SecurityContextConstraints found in cluster')
  const refused: string[] = []
  for (const constraint of tried) {
    const { name } = constraint.metadata
    const usedBy = may(constraint)
    if (!usedBy) {
      refused.push(`provider ${JSON.stringify(name)}: Forbidden: not usable by user or serviceaccount`)
      continue
    }
    const made = fitTo(pod.spec as PodSpec, constraint, ranges)
    refused.push(...made.errors)
    if (made.errors.length > 0 || !take(attributes, made)) continue
    pod.metadata.annotations = { ...pod.metadata.annotations, [ASSIGNED]: name, [USED_BY]: usedBy }
    return
  }
  throw refuse(`unable to validate against any security context constraint: ${aggregateText(refused)}`)
}

/** Makes the pod what fits; of a pod that runs, only its ephemeral containers may still change. */
function take({ operation, object }: Attributes, { pod, containers }: Fit): boolean {
  const spec = object!.spec as PodSpec
  const late = new Set(spec.ephemeralContainers)
  if (operation === 'UPDATE') {
    const isSame =
      isDeepStrictEqual(spec.securityContext, pod) &&
      [...containers].every(([one, security]) => late.has(one) || isDeepStrictEqual(one.securityContext, security))
    if (!isSame) return false
  }
  carryOut(spec, { pod: operation === 'UPDATE' ? spec.securityContext : pod, containers })
  if (pod?.seccompProfile && operation === 'CREATE')
    object!.metadata.annotations = { ...object!.metadata.annotations, [SECCOMP]: profileName(pod.seccompProfile) }
  return true
}

/** By the pod's account, or by whoever makes the pod himself; controllers make pods for others. */
function usable(authorizer: Authorizer, { user, object, namespace = '' }: Attributes): Usable {
  const account = (object!.spec as { serviceAccountName?: string }).serviceAccountName ?? 'default'
  const isController =
    user.name === LOOPBACK.name || user.name.startsWith('system:') || accountOf(user.name) !== undefined
  const servant = accountUser(namespace, account)
  return constraint => {
    if (mayUse(authorizer, servant, namespace, constraint)) return 'serviceaccount'
    if (isController && user.name !== 'system:admin') return undefined
    return mayUse(authorizer, user, namespace, constraint) ? 'user' : undefined
  }
}

/** By the constraint itself, or by a role. */
export function mayUse(
  authorizer: Authorizer,
  user: User,
  namespace: string,
  { metadata: { name }, users, groups }: SecurityContextConstraints,
): boolean {
  if (users?.includes(user.name) || groups?.some(group => user.groups.includes(group))) return true
  const resource = { group: GROUP, version: 'v1', plural: PLURAL, subresource: '', namespace, name }
  return authorizer.authorize({ user, verb: 'use', path: '', resource }).allowed
}

export function rangesIn(store: Store, registry: Registry, namespace: string): Ranges {
  const resource = registry.find('', 'v1', 'namespaces')
  const stored = resource && store.head(keyOf(resource, undefined, namespace))
  return rangesOf(namespace, stored && parseBytes(stored.value).metadata.annotations)
}

function annotate(namespace: Obj, name: string): void {
  const { annotations } = namespace.metadata
  namespace.metadata.annotations = { ...annotationsOf(rangesOf(name, annotations)), ...annotations }
}
