import type { Family } from '../../../lib/ip.ts'
import { invalid } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { familyName, familyOfText } from './ledger.ts'
import type { SpecLike } from './service.ts'
import { isHeadless, NONE } from './service.ts'

const FAMILIES: readonly Family[] = [4, 6]
const SINGLE = 'SingleStack'
const PREFER = 'PreferDualStack'
const REQUIRE = 'RequireDualStack'

/**
 * The families a Service is to have, from what it asks for, the addresses it names, what it was (`before`), and what the cluster
 * offers, its first family first. Says what is wrong, and else fills in ipFamilyPolicy and ipFamilies. Source: initIPFamilyFields
 * of k8s.io/kubernetes/pkg/registry/core/service/storage.
 */
export function fillFamilies(
  spec: SpecLike,
  before: SpecLike | undefined,
  cluster: readonly Family[],
): readonly FieldError[] {
  // What the cluster has become since changes no Service that only prefers two.
  if (before && spec.ipFamilyPolicy === PREFER && before.ipFamilyPolicy === PREFER && isSame(spec, before)) return []
  const isAny = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= isAny ? REQUIRE : SINGLE
  const errors = [...(before ? shrink(spec, before) : []), ...tooManyErrors(spec), ...infer(spec, cluster)]
  if (errors.length > 0) return errors
  const wrong = isAny ? [] : notThereErrors(spec, cluster)
  if (wrong.length > 0) return wrong
  const families = spec.ipFamilies?.length ? spec.ipFamilies : [familyName(cluster[0]!)]
  const others = (isAny ? FAMILIES : cluster).map(familyName).filter(name => !families.includes(name))
  spec.ipFamilies = spec.ipFamilyPolicy === SINGLE || families.length > 1 ? families : [...families, ...others]
  return []
}

const isSame = (spec: SpecLike, before: SpecLike): boolean =>
  sameList(spec.clusterIPs, before.clusterIPs) && sameList(spec.ipFamilies, before.ipFamilies)

const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean => a.join() === b.join()

const policyError = (spec: SpecLike, detail: string): FieldError =>
  invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail)

/** Who asks for one family and leaves the lists alone keeps the first of each; who cuts the lists must ask for it. */
function shrink(spec: SpecLike, before: SpecLike): readonly FieldError[] {
  const isShorter = (now: readonly string[] = [], then: readonly string[] = []): boolean =>
    now.length > 0 && now.length < then.length
  if (spec.ipFamilyPolicy !== SINGLE)
    return [
      ...(isShorter(spec.clusterIPs, before.clusterIPs)
        ? [policyError(spec, "must be 'SingleStack' to release the secondary cluster IP")]
        : []),
      ...(isShorter(spec.ipFamilies, before.ipFamilies)
        ? [policyError(spec, "must be 'SingleStack' to release the secondary IP family")]
        : []),
    ]
  if (spec.clusterIPs && sameList(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = spec.clusterIPs.slice(0, 1)
  if (spec.ipFamilies && sameList(spec.ipFamilies, before.ipFamilies)) spec.ipFamilies = spec.ipFamilies.slice(0, 1)
  return []
}

function tooManyErrors(spec: SpecLike): readonly FieldError[] {
  if (spec.ipFamilyPolicy !== SINGLE) return []
  return [['cluster IPs', spec.clusterIPs] as const, ['IP families', spec.ipFamilies] as const].flatMap(
    ([what, list]) =>
      list?.length === 2
        ? [policyError(spec, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`)]
        : [],
  )
}

/** Addresses that have no family beside them say it. */
function infer(spec: SpecLike, cluster: readonly Family[]): readonly FieldError[] {
  const families = [...(spec.ipFamilies ?? [])]
  const errors: FieldError[] = []
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])
  for (const [index, text] of addresses.entries()) {
    const family = familyOfText(text)
    if (text === NONE || family === undefined || index < families.length) continue
    if (cluster.includes(family)) families.push(familyName(family))
    else
      errors.push(
        invalid(`spec.clusterIPs[${index}]`, addresses, `${familyName(family)} is not configured on this cluster`),
      )
  }
  spec.ipFamilies = families
  return errors
}

function notThereErrors(spec: SpecLike, cluster: readonly Family[]): readonly FieldError[] {
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === REQUIRE && cluster.length < 2)
    errors.push(policyError(spec, 'this cluster is not configured for dual-stack services'))
  const offered: readonly string[] = cluster.map(familyName)
  for (const [index, name] of (spec.ipFamilies ?? []).entries())
    if (!offered.includes(name))
      errors.push(invalid(`spec.ipFamilies[${index}]`, name, 'not configured on this cluster'))
  return errors
}
