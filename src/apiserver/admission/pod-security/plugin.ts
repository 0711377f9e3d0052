/** Pods must be as their namespace's labels ask. Source: k8s.io/pod-security-admission/admission. */
import type { Pod } from '../../../api/core/pod.ts'
import type { Store } from '../../../store/mod.ts'
import { forbidden, invalid } from '../../errors.ts'
import type { Obj } from '../../object.ts'
import type { Registry } from '../../resource/registry.ts'
import { collectionPrefix, keyOf } from '../../resource/resource.ts'
import { decodeStored, parseBytes } from '../../stored.ts'
import type { Attributes, Plugin } from '../mod.ts'
import { detailsText, reasonsText, violations } from './checks.ts'
import type { Policy, Standard } from './policy.ts'
import { policyOf, standardText, strictness } from './policy.ts'

/** Kinds that make pods, and where their templates are. */
const TEMPLATES: Readonly<Record<string, (spec: Spec) => Template | undefined>> = {
  'deployments.apps': spec => spec.template,
  'replicasets.apps': spec => spec.template,
  'statefulsets.apps': spec => spec.template,
  'daemonsets.apps': spec => spec.template,
  'jobs.batch': spec => spec.template,
  'cronjobs.batch': spec => spec.jobTemplate?.spec?.template,
}

interface Template {
  readonly metadata?: Pod['metadata']
  readonly spec?: Pod['spec']
}
interface Spec {
  readonly template?: Template
  readonly jobTemplate?: { readonly spec?: { readonly template?: Template } }
}

const MOST_PODS = 3000

export function podSecurity(store: Store, registry: Registry): Plugin {
  return {
    name: 'PodSecurity',
    operations: ['CREATE', 'UPDATE'],
    validate(attributes) {
      const { resource, subresource, namespace } = attributes
      const kind = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
      if (kind === 'namespaces') return subresource === '' ? checkNamespace(store, registry, attributes) : undefined
      const template = TEMPLATES[kind]
      if ((kind !== 'pods' && !template) || namespace === undefined) return
      const policy = policyIn(store, registry, namespace)
      if (!policy) return
      if (kind === 'pods') checkPod(attributes, policy)
      else if (subresource === '') warnOf(attributes, policy, template!(attributes.object!.spec as Spec) ?? {})
    },
  }
}

/** By the stored bytes of the namespace, which most requests find unchanged; undefined where nothing is asked. */
const policies = new WeakMap<Uint8Array, Policy | undefined>()

function policyIn(store: Store, registry: Registry, namespace: string): Policy | undefined {
  const resource = registry.find('', 'v1', 'namespaces')
  const stored = resource && store.head(keyOf(resource, undefined, namespace))
  if (!stored) return undefined
  if (policies.has(stored.value)) return policies.get(stored.value)
  const policy = policyOf(parseBytes(stored.value).metadata.labels)
  const isAsking = [policy.enforce, policy.audit, policy.warn].some(({ level }) => level !== 'privileged')
  policies.set(stored.value, isAsking ? policy : undefined)
  return policies.get(stored.value)
}

/** Other subresources do not change what a pod may do. */
const PODS = new Set(['', 'ephemeralcontainers', 'resize'])

function checkPod(attributes: Attributes, policy: Policy): void {
  const { resource, subresource, name, operation, object, old } = attributes
  const pod = object as unknown as Pod
  if (!PODS.has(subresource)) return
  if (operation === 'UPDATE' && old && !isSignificant(pod, old as unknown as Pod)) return
  const found = violations(policy.enforce, pod.metadata, pod.spec)
  if (found.length > 0)
    throw forbidden(
      resource,
      name,
      `violates PodSecurity ${JSON.stringify(standardText(policy.enforce))}: ${detailsText(found)}`,
    )
  warnOf(attributes, policy, pod)
}

function warnOf({ warn }: Attributes, policy: Policy, { metadata, spec }: Template): void {
  if (!spec) return
  const found = violations(policy.warn, metadata ?? {}, spec)
  if (found.length > 0)
    warn?.(`would violate PodSecurity ${JSON.stringify(standardText(policy.warn))}: ${detailsText(found)}`)
}

/** Of what may change in a pod only images and further containers matter. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const imagesOf = ({ spec }: Pod): string =>
    JSON.stringify(
      [spec.containers, spec.initContainers ?? [], spec.ephemeralContainers ?? []].map(list =>
        list.map(({ name, image }) => [name, image]),
      ),
    )
  return imagesOf(pod) !== imagesOf(old)
}

function checkNamespace(store: Store, registry: Registry, attributes: Attributes): void {
  const { resource, operation, name, object, old } = attributes
  const next = policyOf(object!.metadata.labels)
  const before = operation === 'UPDATE' && old ? policyOf(old.metadata.labels) : undefined
  const isNew = !before || JSON.stringify(before.errors) !== JSON.stringify(next.errors)
  if (next.errors.length > 0 && isNew) throw invalid(resource, name, next.errors)
  if (!before || next.enforce.level === 'privileged') return
  if (standardText(next.enforce) === standardText(before.enforce)) return
  if (next.enforce.minor === before.enforce.minor && strictness(next.enforce) <= strictness(before.enforce)) return
  const pods = registry.find('', 'v1', 'pods')
  if (!pods) return
  const { items } = store.range(collectionPrefix(pods, name))
  const present = items.slice(0, MOST_PODS).map(stored => decodeStored(pods, stored))
  for (const text of warnings(name, next.enforce, present, items.length)) attributes.warn?.(text)
}

/** What is there already, alike pods together under the name of the first. */
function warnings(namespace: string, enforce: Standard, pods: readonly Obj[], total: number): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const object of pods) {
    const pod = object as unknown as Pod
    const reasons = reasonsText(violations(enforce, pod.metadata, pod.spec))
    if (reasons !== '') byReason.set(reasons, [...(byReason.get(reasons) ?? []), pod.metadata.name])
  }
  const lines = [...byReason].map(([reasons, names]) => {
    const more = names.length - 1
    const others = more === 0 ? '' : ` (and ${more} other ${more === 1 ? 'pod' : 'pods'})`
    return `${names.toSorted()[0]}${others}: ${reasons}`
  })
  const level = JSON.stringify(standardText(enforce))
  return [
    ...(pods.length < total
      ? [`new PodSecurity enforce level only checked against the first ${pods.length} of ${total} existing pods`]
      : []),
    ...(lines.length > 0
      ? [`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`]
      : []),
    ...lines.sort(),
  ]
}
