/** The rules of a Service's addresses. */
import { parseCidr } from '../../../lib/cidr.ts'
import type { Ip } from '../../../lib/ip.ts'
import { familyOf, parseIp } from '../../../lib/ip.ts'
import { forbidden, invalid, notSupported, tooMany } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'
import { ipAddress } from '../../meta/names.ts'
import { duplicates, named } from '../../meta/rules.ts'
import type { ServiceSpec } from '../service.ts'

const NONE = 'None'
const MAX_FAMILIES = 2

export function addressErrors(spec: ServiceSpec): readonly FieldError[] {
  const { clusterIP, clusterIPs = [], type } = spec
  if (type === 'ExternalName') return []
  const errors: FieldError[] = []
  if (clusterIPs.length > 0 && !clusterIP)
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'))
  else if (clusterIP && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  clusterIPs.forEach((text, index) => {
    if (text === NONE) {
      if (clusterIPs.length > 1)
        errors.push(invalid('spec.clusterIPs', clusterIPs, "'None' must be the first and only value"))
    } else errors.push(...named(`spec.clusterIPs[${index}]`, text, ipAddress))
  })
  if (clusterIPs.length > MAX_FAMILIES)
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'))
  return [...errors, ...familyErrors(spec)]
}

const familyName = (address: Ip): string => (familyOf(address) === 4 ? 'IPv4' : 'IPv6')

function familyErrors({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = []
  const families = clusterIPs.map(text => parseIp(text)).map(address => address && familyName(address))
  if (families.length === 2 && families[0] !== undefined && families[0] === families[1])
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'))
  for (const index of duplicates(ipFamilies, one => one))
    errors.push({ type: 'Duplicate', field: `spec.ipFamilies[${index}]`, value: ipFamilies[index], detail: '' })
  for (const [index, family] of ipFamilies.entries())
    if (family !== 'IPv4' && family !== 'IPv6')
      errors.push(notSupported(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6']))
  if (ipFamilies.length > MAX_FAMILIES) errors.push(tooMany('spec.ipFamilies', ipFamilies.length, MAX_FAMILIES))
  families.forEach((family, index) => {
    if (family && ipFamilies[index] && ipFamilies[index] !== family)
      errors.push(
        invalid(
          `spec.clusterIPs[${index}]`,
          clusterIPs[index],
          `expected an ${ipFamilies[index]} value as indicated by \`ipFamilies[${index}]\``,
        ),
      )
  })
  const several = ipFamilies.length > 1 || clusterIPs.length > 1
  if (ipFamilyPolicy === 'SingleStack' && several)
    errors.push(
      invalid(
        'spec.ipFamilyPolicy',
        ipFamilyPolicy,
        `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${clusterIPs.length > 1 ? 'cluster IPs' : 'IP families'} are specified`,
      ),
    )
  return errors
}

export const externalAddressErrors = ({ externalIPs = [] }: ServiceSpec): readonly FieldError[] =>
  externalIPs.flatMap((text, index) => {
    const field = `spec.externalIPs[${index}]`
    const address = parseIp(text)
    return address ? specialErrors(address, field) : named(field, text, ipAddress)
  })

const SPECIAL: readonly (readonly [pattern: RegExp, detail: string])[] = [
  [/^0\.0\.0\.0$/, 'may not be unspecified (0.0.0.0)'],
  [/^::$/, 'may not be unspecified (::)'],
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab])/, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(224\.0\.0\.|ff02:)/, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
]

/** Addresses that mean something on every machine cannot mean a Service. */
export const specialErrors = (address: Ip, field: string): readonly FieldError[] =>
  SPECIAL.filter(([pattern]) => pattern.test(address)).map(([, detail]) => invalid(field, address, detail))

export function rangeErrors({ type, loadBalancerSourceRanges = [] }: ServiceSpec): readonly FieldError[] {
  if (loadBalancerSourceRanges.length === 0) return []
  if (type !== 'LoadBalancer')
    return [forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'")]
  return loadBalancerSourceRanges.flatMap((text, index) =>
    parseCidr(text.trim())
      ? []
      : [
          invalid(
            `spec.LoadBalancerSourceRanges[${index}]`,
            text,
            'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
          ),
        ],
  )
}
