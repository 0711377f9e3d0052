/** The formats that schemas may ask for. A format not named here holds always, as in Kubernetes. */
import { parseCidr } from '../../lib/cidr.ts'
import { familyOf, parseIp } from '../../lib/ip.ts'

const LABEL = '[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?'
const uuid = (version: string, variant = '[0-9a-f]'): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i')

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

const isIp =
  (family: 4 | 6) =>
  (text: string): boolean => {
    const address = parseIp(text)
    return address !== undefined && familyOf(address) === family
  }

const DURATION = /^[-+]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+$/
const WORDED_DURATION = /^\d+\s*(?:nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?|days?|weeks?)$/i

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  ipv4: isIp(4),
  ipv6: isIp(6),
  cidr: text => parseCidr(text) !== undefined,
  mac: matches(/^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i),
  uuid: matches(uuid('[0-9a-f]')),
  uuid3: matches(uuid('3')),
  uuid4: matches(uuid('4', '[89ab]')),
  uuid5: matches(uuid('5', '[89ab]')),
  hostname: text => text.length <= 253 && new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(text),
  email: matches(/^[^\s@<>]+@[^\s@<>]+$/),
  uri: matches(/^(?:[a-zA-Z][-+.a-zA-Z0-9]*:\S+|\/\S*)$/),
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
  date: text => isDay(text),
  'date-time': text => isTime(text),
  datetime: text => isTime(text),
  duration: text => DURATION.test(text) || WORDED_DURATION.test(text),
  hexcolor: matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  bsonobjectid: matches(/^[0-9a-f]{24}$/i),
}

const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text

const isTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/i.test(text) && isDay(text.slice(0, 10))

export const hasFormat = (format: string, text: string): boolean => FORMATS[format]?.(text) ?? true
