/** Patterns are written for RE2; JavaScript reads nearly the same language. */

const compiled = new Map<string, RegExp | undefined>()
const MAX_COMPILED = 10_000

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
}

/** undefined where the pattern is no regular expression. */
export function regexpOf(pattern: string): RegExp | undefined {
  if (compiled.has(pattern)) return compiled.get(pattern)
  if (compiled.size >= MAX_COMPILED) compiled.clear()
  const regexp = compile(pattern)
  compiled.set(pattern, regexp)
  return regexp
}

function compile(pattern: string): RegExp | undefined {
  // Flags for all that follows; an anchor before them is the same after them.
  const [whole = '', anchor = '', flags = ''] = /^(\^?)\(\?([ims]+)\)/.exec(pattern) ?? []
  const source = (anchor + pattern.slice(whole.length))
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^')
    .replace(/\[:(\w+):\]/g, (written, name: string) => CLASSES[name] ?? written)
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(source, flags + unicode)
    } catch {}
  }
  return undefined
}
