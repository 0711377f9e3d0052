import { describe, expect, test } from 'vitest'
import type { Family } from '../../../lib/ip.ts'
import { fillFamilies } from './families.ts'
import type { SpecLike } from './service.ts'

const HERE: readonly Family[] = [4, 6]
/** What is wrong, or policy and families. */
function fill(spec: SpecLike, before?: SpecLike, cluster = HERE): string {
  const errors = fillFamilies(spec, before, cluster)
  if (errors.length > 0) return errors.map(({ field, detail }) => `${field}: ${detail}`).join('; ')
  return [spec.ipFamilyPolicy, spec.ipFamilies?.join(), spec.clusterIPs?.join()].filter(Boolean).join(' ')
}

const NONE = { clusterIP: 'None', clusterIPs: ['None'] }
const SELECTED = { ...NONE, selector: { a: 'b' } }
const TWO = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"

describe('a new Service', () => {
  test.each<[string, SpecLike, readonly Family[], string]>([
    ['nothing', {}, HERE, 'SingleStack IPv4'],
    ['nothing where IPv6 comes first', {}, [6, 4], 'SingleStack IPv6'],
    ['an address', { clusterIP: 'fd02::7' }, HERE, 'SingleStack IPv6'],
    [
      'two addresses',
      { clusterIPs: ['fd02::7', '10.0.0.1'] },
      HERE,
      `spec.ipFamilyPolicy: ${TWO} cluster IPs are specified`,
    ],
    ['two families', { ipFamilies: ['IPv6', 'IPv4'] }, HERE, `spec.ipFamilyPolicy: ${TWO} IP families are specified`],
    ['both, preferred', { ipFamilyPolicy: 'PreferDualStack' }, HERE, 'PreferDualStack IPv4,IPv6'],
    [
      'both, one known',
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] },
      HERE,
      'RequireDualStack IPv6,IPv4',
    ],
    ['both, where there is one', { ipFamilyPolicy: 'PreferDualStack' }, [4], 'PreferDualStack IPv4'],
    [
      'both, required where there is one',
      { ipFamilyPolicy: 'RequireDualStack' },
      [4],
      'spec.ipFamilyPolicy: this cluster is not configured for dual-stack services',
    ],
    ['a family that is not there', { ipFamilies: ['IPv6'] }, [4], 'spec.ipFamilies[0]: not configured on this cluster'],
    ['an address of it', { clusterIP: 'fd02::7' }, [4], 'spec.clusterIPs[0]: IPv6 is not configured on this cluster'],
    ['headless', { ...SELECTED }, HERE, 'SingleStack IPv4 None'],
    ['headless without selector', { ...NONE }, [4], 'RequireDualStack IPv4,IPv6 None'],
    [
      'that of one family',
      { ...NONE, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] },
      [4],
      'SingleStack IPv6 None',
    ],
  ])('%s', (_, spec, cluster, expected) => {
    expect(fill({ ...spec }, undefined, cluster)).toBe(expected)
  })
})

describe('a Service that changes', () => {
  const BOTH = {
    ipFamilyPolicy: 'RequireDualStack',
    ipFamilies: ['IPv4', 'IPv6'],
    clusterIPs: ['10.0.0.1', 'fd02::1'],
  }
  const ONE = { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIPs: ['10.0.0.1'] }
  test.each<[string, SpecLike, SpecLike, string]>([
    ['asks for one family', BOTH, { ...BOTH, ipFamilyPolicy: 'SingleStack' }, 'SingleStack IPv4 10.0.0.1'],
    [
      'asks for one, and for other addresses',
      BOTH,
      { ...BOTH, ipFamilyPolicy: 'SingleStack', clusterIPs: ['10.0.0.1', 'fd02::2'] },
      `spec.ipFamilyPolicy: ${TWO} cluster IPs are specified`,
    ],
    [
      'gives its second address away without saying so',
      BOTH,
      { ...BOTH, clusterIPs: ['10.0.0.1'] },
      "spec.ipFamilyPolicy: must be 'SingleStack' to release the secondary cluster IP",
    ],
    [
      'gives its second family away without saying so',
      BOTH,
      { ...BOTH, ipFamilies: ['IPv4'] },
      "spec.ipFamilyPolicy: must be 'SingleStack' to release the secondary IP family",
    ],
    [
      'prefers two from now on',
      ONE,
      { ...ONE, ipFamilyPolicy: 'PreferDualStack' },
      'PreferDualStack IPv4,IPv6 10.0.0.1',
    ],
    [
      'preferred two when there was one',
      { ...ONE, ipFamilyPolicy: 'PreferDualStack' },
      { ...ONE, ipFamilyPolicy: 'PreferDualStack' },
      'PreferDualStack IPv4 10.0.0.1',
    ],
    [
      'is headless, and asks for one family',
      { ...SELECTED, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
      { ...SELECTED, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6', 'IPv4'] },
      'SingleStack IPv6 None',
    ],
  ])('%s', (_, before, spec, expected) => {
    expect(fill({ ...spec }, before)).toBe(expected)
  })
})
