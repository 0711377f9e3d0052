import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainValue } from './from-json.ts'
import { CelBudgetError, CelError, celProgram } from './mod.ts'
import type { Value } from './value.ts'

const SELF = plainValue({
  name: 'shop',
  n: 3,
  half: 0.5,
  tags: ['a', 'b', 'c'],
  ports: [{ name: 'x', port: 80 }, { port: 443 }],
  labels: { 'a.b/c': 'd' },
  'odd-name': 1,
  namespace: 'ns',
})
const run = (source: string, steps = 100_000): Value =>
  celProgram(source, ['self', 'oldSelf']).run({ self: SELF }, { left: steps })

describe('expressions', () => {
  it.each([
    '1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 2 == -1 && 1.5 + 1.0 == 2.5',
    '-9223372036854775808 < 0 && 0x10 == 16 && 1u + 2u == 3u && 1 == 1.0 && 1e3 == 1000.0',
    '!false && !!true && (false || true) && (true ? true : 1/0 == 0)',
    "'a' + \"b\" == 'ab' && r'\\d' == '\\\\d' && '''x\"y''' == 'x\"y' && '\\u0041\\x42' == 'AB'",
    '1 in [1, 2] && "k" in {"k": 1} && !("z" in {"k": 1}) && [1, [2]] == [1, [2]] && {"a": 1} == {"a": 1}',
    "self.name == 'shop' && self['name'] == 'shop' && self.tags[1] == 'b' && self.ports[0].port == 80",
    'has(self.name) && !has(self.missing) && has(self.ports[0].name) && !has(self.ports[1].name)',
    "self.labels['a.b/c'] == 'd' && self.odd__dash__name == 1 && self.__namespace__ == 'ns'",
    'self.tags.all(t, size(t) == 1) && self.tags.exists(t, t == "b") && self.ports.exists_one(p, has(p.name))',
    'self.ports.map(p, p.port) == [80, 443] && self.ports.filter(p, p.port > 100).size() == 1',
    'self.tags.map(t, t != "a", t + t) == ["bb", "cc"] && self.labels.all(k, k.startsWith("a"))',
    'self.tags.all(i, t, self.tags[i] == t) && [1, 2].transformList(i, v, v * 2) == [2, 4]',
    '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2} && [1].exists(i, v, i == 0 && v == 1)',
    'cel.bind(x, self.n + 1, x * x == 16)',
    '(1/0 == 0) || true',
    '!((1/0 == 0) && false)',
    '[1, 0].exists(x, 1 / x == 1)',
  ])('%s', source => {
    expect(run(source)).toBe(true)
  })

  it.each([
    // Optionals
    'self.?name.orValue("") == "shop" && self.?missing.orValue("z") == "z" && !self.?a.?b.hasValue()',
    'self.ports[?5].hasValue() == false && self.ports[?0].value().port == 80 && self.?ports[0].port.value() == 80',
    'optional.of(1).optMap(x, x + 1).value() == 2 && optional.none().or(optional.of(2)).value() == 2',
    '[?optional.none(), 1, ?optional.of(2)] == [1, 2] && {?"a": optional.none()} == {}',
    'optional.ofNonZeroValue("").hasValue() == false && optional.of(1).optFlatMap(x, optional.none()) == optional.none()',
    // Texts
    "'a-b-c'.split('-') == ['a', 'b', 'c'] && 'a-b-c'.split('-', 2) == ['a', 'b-c'] && ['a', 'b'].join('/') == 'a/b'",
    "'Abc'.lowerAscii() == 'abc' && 'abc'.upperAscii() == 'ABC' && ' a '.trim() == 'a' && 'abc'.reverse() == 'cba'",
    "'hello'.replace('l', 'L') == 'heLLo' && 'hello'.replace('l', 'L', 1) == 'heLlo' && 'hello'.substring(1, 3) == 'el'",
    "'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3 && 'hello'.indexOf('z') == -1 && 'hello'.charAt(1) == 'e'",
    "'abc'.matches('^[a-c]+$') && matches('x1', '[0-9]') && 'a12b3'.find('[0-9]+') == '12' && 'a12b3'.findAll('[0-9]+') == ['12', '3']",
    "'%s has %d, %.2f'.format(['x', 2, 1.5]) == 'x has 2, 1.50' && size('héé') == 3",
    // Lists and numbers
    '[1, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && [3, 1].max() == 3',
    '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && math.greatest(1, 5, 2) == 5 && math.least([4, 2]) == 2',
    'sets.contains([1, 2], [2]) && sets.equivalent([1, 2, 2], [2, 1]) && sets.intersects([1], [1, 2]) && [1, 1].distinct() == [1]',
    // Conversions and times
    "int('3') == 3 && string(3) == '3' && double('1.5') == 1.5 && type(1) == int && int(2.9) == 2 && bool('true')",
    "duration('1h30m').getMinutes() == 90 && timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026",
    "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h') && duration('1m') > duration('59s')",
    // Kubernetes
    "quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('1').add(2).asInteger() == 3 && isQuantity('1k') && !isQuantity('x')",
    "quantity('1000m') == quantity('1') && quantity('1').compareTo(quantity('2')) == -1",
    "isURL('https://a.b:80/c?d=e') && url('https://a.b:80/c?d=e').getHost() == 'a.b:80' && url('https://a.b:80/c?d=e').getPort() == '80'",
    "url('https://[::1]:80/c d?d=e&d=f').getQuery()['d'].size() == 2 || !isURL('https://[::1]:80/c d')",
    "isIP('10.0.0.1') && !isIP('10.0.0') && ip('::1').family() == 6 && ip('127.0.0.1').isLoopback() && ip('8.8.8.8').isGlobalUnicast()",
    "isCIDR('10.0.0.0/8') && cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP('11.0.0.1')",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').prefixLength() == 8 && cidr('10.1.2.3/8').ip() == ip('10.1.2.3')",
    "!format.dns1123Label().validate('ok').hasValue() && format.dns1123Label().validate('No').hasValue()",
    "format.named('uuid').hasValue() && !format.named('nothing').hasValue()",
  ])('%s', source => {
    expect(run(source)).toBe(true)
  })

  it.each([
    ['1 +', 'Syntax error'],
    ['self.', 'Syntax error'],
    ["'a", 'Syntax error'],
    ['for', 'Syntax error'],
    ['other == 1', "undeclared reference to 'other'"],
    ['self.nothing()', "undeclared reference to 'nothing'"],
    ['has(self)', 'invalid argument to has() macro'],
    ['self.all(1, true)', 'argument must be a simple name'],
  ])('%s cannot be compiled', (source, message) => {
    expect(() => run(source)).toThrow(message)
  })

  it.each([
    ['self.missing', 'no such key: missing'],
    ['self.tags[9]', 'index out of bounds: 9'],
    ['1 / 0', 'division by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ["1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'"],
    ["int('x')", 'int conversion error'],
    ["url('%%') == url('')", 'URL parse error'],
    ['optional.none().value()', 'optional.none() dereference'],
    ["quantity('x')", 'quantities must match'],
  ])('%s fails', (source, message) => {
    expect(() => run(source)).toThrow(message)
  })

  it('ends when its steps are used up, and not before', () => {
    const list = `[${Array.from({ length: 50 }, (_, index) => index).join()}]`
    const source = `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c >= 0)))`
    expect(run(source, 10_000_000)).toBe(true)
    expect(() => run(source, 10_000)).toThrow(CelBudgetError)
    expect(() => run(`false || ${source}`, 10_000)).toThrow(CelBudgetError)
  })

  it('takes any text, and refuses most', () => {
    const alphabet = fc.constantFrom(...'self.[]()?:"\'\\!&|<>=+-*/%, {}0x1eua\n'.split(''), 'self', 'has(', 'all(')
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 30 }), parts => {
        try {
          run(parts.join(''), 1000)
        } catch (error) {
          expect(error instanceof CelError || error instanceof CelBudgetError).toBe(true)
        }
      }),
      { numRuns: 3000 },
    )
    expect(() => run('('.repeat(5000))).toThrow('nested too deeply')
    expect(() => run(`${'!'.repeat(5000)}true`)).not.toThrow()
    expect(() => run('['.repeat(5000))).toThrow('nested too deeply')
  })
})
