import type { Directive } from './parse.ts'
import { CorefileError } from './parse.ts'
import type { RewriteRule } from './types.ts'
import { absolute } from './values.ts'

const MATCHES = ['exact', 'prefix', 'suffix', 'substring', 'regex'] as const

/** Only rules of names: those of types, classes and options are refused. */
export function compileRewrite({ args, line }: Directive): RewriteRule {
  const rest: string[] = [...args]
  const isLast = rest[0] !== 'continue'
  if (rest[0] === 'stop' || rest[0] === 'continue') rest.shift()
  const field = rest.shift()
  if (field !== 'name') throw new CorefileError(line, `rewrite takes rules of names, not of ${JSON.stringify(field)}`)
  const kind = MATCHES.find(one => one === rest[0])
  if (kind) rest.shift()
  const match = kind ?? 'exact'
  const [from, to, answer, mode] = rest
  if (from === undefined || to === undefined) throw new CorefileError(line, 'rewrite needs two names')
  const isPlain = match === 'exact' || match === 'suffix'
  if (match === 'regex') checkPattern(from, line)
  return {
    match,
    from: isPlain ? absolute(from) : from.toLowerCase(),
    to: match === 'substring' || match === 'prefix' ? to.toLowerCase() : absolute(to),
    isAnswerRestored: match === 'exact' || (answer === 'answer' && mode !== undefined),
    isLast,
  }
}

/** Names are short, so a pattern may be anything but one that takes for ever: no group that repeats is repeated. */
function checkPattern(pattern: string, line: number): void {
  if (pattern.length > 256 || /\([^)]*[*+][^)]*\)[*+{]/.test(pattern))
    throw new CorefileError(line, 'this pattern is too costly')
  try {
    new RegExp(pattern)
  } catch {
    throw new CorefileError(line, `${JSON.stringify(pattern)} is no regular expression`)
  }
}

/** The name that is looked up instead; names are absolute and in lower case. Undefined: no rule is for it. */
export function rewritten(
  rules: readonly RewriteRule[],
  name: string,
): { readonly name: string; readonly isAnswerRestored: boolean } | undefined {
  let current = name
  let isAnswerRestored = false
  for (const rule of rules) {
    const next = apply(rule, current)
    if (next === undefined) continue
    current = absolute(next)
    isAnswerRestored ||= rule.isAnswerRestored
    if (rule.isLast) break
  }
  return current === name ? undefined : { name: current, isAnswerRestored }
}

function apply({ match, from, to }: RewriteRule, name: string): string | undefined {
  switch (match) {
    case 'exact':
      return name === from ? to : undefined
    case 'prefix':
      return name.startsWith(from) ? to + name.slice(from.length) : undefined
    case 'suffix':
      return name.endsWith(from) ? name.slice(0, -from.length) + to : undefined
    case 'substring':
      return name.includes(from) ? name.replaceAll(from, to) : undefined
    case 'regex': {
      const found = new RegExp(from).exec(name)
      // {0} is the whole of what matched, {1} its first group.
      return found ? to.replace(/\{(\d)\}/g, (_, group: string) => found[Number(group)] ?? '') : undefined
    }
  }
}
