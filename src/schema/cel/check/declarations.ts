/**
 * Every function that expressions may call, with the types it takes: name, arguments, result. Source: cel-go's standard library and
 * extensions as k8s.io/apiserver/pkg/cel/environment takes them, and k8s.io/apiserver/pkg/cel/library.
 */
import type { Type } from './type.ts'
import { readType } from './type.ts'

export interface Overload {
  readonly args: readonly Type[]
  readonly result: Type
  /** It has parameters, which stand for something else at each call. */
  readonly isGeneric: boolean
}

const NUMBERS = ['int', 'uint', 'double']
const ORDERED = [...NUMBERS, 'bool', 'string', 'bytes', 'timestamp', 'duration']
const each = (types: readonly string[], line: (type: string) => string): string => types.map(line).join(' | ')

const COMPARED = [
  ...ORDERED.map(type => `${type} ${type} bool`),
  ...NUMBERS.flatMap(a => NUMBERS.filter(b => b !== a).map(b => `${a} ${b} bool`)),
].join(' | ')

const FUNCTION_LINES = `
_?_:_ bool A A A
!_ bool bool
-_ int int | double double
_==_ A A bool
_!=_ A A bool
_+_ bytes bytes bytes | double double double | duration duration duration | duration timestamp timestamp | timestamp duration timestamp | int int int | list(A) list(A) list(A) | string string string | uint uint uint
_-_ double double double | duration duration duration | int int int | timestamp duration timestamp | timestamp timestamp duration | uint uint uint
_*_ ${each(NUMBERS, type => `${type} ${type} ${type}`)}
_/_ ${each(NUMBERS, type => `${type} ${type} ${type}`)}
_%_ int int int | uint uint uint
_<_ ${COMPARED}
_<=_ ${COMPARED}
_>_ ${COMPARED}
_>=_ ${COMPARED}
_in_ A list(A) bool | A map(A,B) bool
_[_] list(A) int A | map(A,B) A B | optional_type(list(A)) int optional_type(A) | optional_type(map(A,B)) A optional_type(B)
_[?_] list(A) int optional_type(A) | optional_type(list(A)) int optional_type(A) | map(A,B) A optional_type(B) | optional_type(map(A,B)) A optional_type(B)
size bytes int | list(A) int | map(A,B) int | string int
type A type(A)
dyn A dyn
bool bool bool | string bool
bytes bytes bytes | string bytes
double double double | int double | string double | uint double
duration duration duration | string duration
int int int | double int | duration int | string int | timestamp int | uint int
string string string | bool string | bytes string | double string | duration string | int string | timestamp string | uint string | net.IP string | net.CIDR string
timestamp timestamp timestamp | int timestamp | string timestamp
uint uint uint | double uint | int uint | string uint
matches string string bool
strings.quote string string
optional.of A optional_type(A)
optional.ofNonZeroValue A optional_type(A)
optional.none optional_type(A)
sets.contains list(A) list(A) bool
sets.equivalent list(A) list(A) bool
sets.intersects list(A) list(A) bool
lists.range int list(int)
url string kubernetes.URL
isURL string bool
quantity string kubernetes.Quantity
isQuantity string bool
sign kubernetes.Quantity int
ip string net.IP
isIP string bool
ip.isCanonical string bool
cidr string net.CIDR
isCIDR string bool
semver string kubernetes.Semver | string bool kubernetes.Semver
isSemver string bool | string bool bool
format.named string optional_type(kubernetes.NamedFormat)
${'dns1123Label dns1123Subdomain dns1035Label dns1123LabelPrefix dns1123SubdomainPrefix dns1035LabelPrefix qualifiedName labelValue uri uuid byte date datetime'
  .split(' ')
  .map(name => `format.${name} kubernetes.NamedFormat`)
  .join('\n')}
`

const inZone = 'timestamp int | timestamp string int'
const AUTHZ = 'kubernetes.authorization'
const RESOURCE = `${AUTHZ}.ResourceCheck`

/** The first argument is what they are called on. */
const METHOD_LINES = `
size bytes int | list(A) int | map(A,B) int | string int
contains string string bool
startsWith string string bool
endsWith string string bool
matches string string bool
find string string string
findAll string string list(string) | string string int list(string)
charAt string int string
indexOf string string int | string string int int | list(A) A int
lastIndexOf string string int | string string int int | list(A) A int
lowerAscii string string
upperAscii string string
trim string string
replace string string string string | string string string int string
split string string list(string) | string string int list(string)
substring string int string | string int int string
format string list(dyn) string
join list(string) string | list(string) string string
reverse string string | list(A) list(A)
isSorted ${each(ORDERED, type => `list(${type}) bool`)}
sum ${each([...NUMBERS, 'duration'], type => `list(${type}) ${type}`)}
min ${each(ORDERED, type => `list(${type}) ${type}`)}
max ${each(ORDERED, type => `list(${type}) ${type}`)}
sort ${each(ORDERED, type => `list(${type}) list(${type})`)}
distinct list(A) list(A)
flatten list(list(A)) list(A) | list(dyn) int list(dyn)
slice list(A) int int list(A)
hasValue optional_type(A) bool
value optional_type(A) A
or optional_type(A) optional_type(A) optional_type(A)
orValue optional_type(A) A A
${'getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear'
  .split(' ')
  .map(name => `${name} ${inZone}`)
  .join('\n')}
${'getHours getMinutes getSeconds getMilliseconds'
  .split(' ')
  .map(name => `${name} ${inZone} | duration int`)
  .join('\n')}
${'getScheme getHost getHostname getPort getEscapedPath'
  .split(' ')
  .map(name => `${name} kubernetes.URL string`)
  .join('\n')}
getQuery kubernetes.URL map(string,list(string))
isGreaterThan kubernetes.Quantity kubernetes.Quantity bool | kubernetes.Semver kubernetes.Semver bool
isLessThan kubernetes.Quantity kubernetes.Quantity bool | kubernetes.Semver kubernetes.Semver bool
compareTo kubernetes.Quantity kubernetes.Quantity int | kubernetes.Semver kubernetes.Semver int
asApproximateFloat kubernetes.Quantity double
asInteger kubernetes.Quantity int
isInteger kubernetes.Quantity bool
sign kubernetes.Quantity int
add kubernetes.Quantity kubernetes.Quantity kubernetes.Quantity | kubernetes.Quantity int kubernetes.Quantity
sub kubernetes.Quantity kubernetes.Quantity kubernetes.Quantity | kubernetes.Quantity int kubernetes.Quantity
family net.IP int
${'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast'
  .split(' ')
  .map(name => `${name} net.IP bool`)
  .join('\n')}
containsIP net.CIDR string bool | net.CIDR net.IP bool
containsCIDR net.CIDR string bool | net.CIDR net.CIDR bool
ip net.CIDR net.IP
prefixLength net.CIDR int
masked net.CIDR net.CIDR
major kubernetes.Semver int
minor kubernetes.Semver int
patch kubernetes.Semver int
validate kubernetes.NamedFormat string optional_type(list(string))
path ${AUTHZ}.Authorizer string ${AUTHZ}.PathCheck
group ${AUTHZ}.Authorizer string ${AUTHZ}.GroupCheck
serviceAccount ${AUTHZ}.Authorizer string string ${AUTHZ}.Authorizer
resource ${AUTHZ}.GroupCheck string ${RESOURCE}
${'subresource namespace name fieldSelector labelSelector'
  .split(' ')
  .map(name => `${name} ${RESOURCE} string ${RESOURCE}`)
  .join('\n')}
check ${AUTHZ}.PathCheck string ${AUTHZ}.Decision | ${RESOURCE} string ${AUTHZ}.Decision
errored ${AUTHZ}.Decision bool
error ${AUTHZ}.Decision string
allowed ${AUTHZ}.Decision bool
reason ${AUTHZ}.Decision string
`

function table(lines: string): ReadonlyMap<string, readonly Overload[]> {
  const entries = lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const space = line.indexOf(' ')
      return [
        line.slice(0, space),
        line
          .slice(space + 1)
          .split(' | ')
          .map(overload),
      ] as const
    })
  return new Map(entries)
}

function overload(text: string): Overload {
  const types = text.split(' ').map(readType)
  return { args: types.slice(0, -1), result: types.at(-1)!, isGeneric: /\b[A-Z]\b/.test(text) }
}

export const FUNCTIONS = table(FUNCTION_LINES)
export const METHODS = table(METHOD_LINES)

/** Names that stand for types. */
export const TYPE_NAMES: ReadonlyMap<string, Type> = new Map(
  [
    ...'bool bytes double int string uint net.IP net.CIDR kubernetes.URL kubernetes.Quantity kubernetes.Semver kubernetes.NamedFormat'
      .split(' ')
      .map(name => [name, name]),
    ['list', 'list(dyn)'],
    ['map', 'map(dyn,dyn)'],
    ['null_type', 'null'],
    ['type', 'type'],
    ['optional_type', 'optional_type(dyn)'],
    ['google.protobuf.Timestamp', 'timestamp'],
    ['google.protobuf.Duration', 'duration'],
  ].map(([name, type]) => [name!, readType(`type(${type})`)]),
)
