/** A name that policy speaks of: lower case, without a final dot. */
export interface NamePattern {
  readonly name: string
  /** What may stand before it: nothing, exactly one label, or one or more. */
  readonly before: 'nothing' | 'one' | 'more'
}

/** `*.` stands for one label in an EgressFirewall, for one or more in the policies of the cluster. */
export function namePattern(text: string, wildcard: 'one' | 'more'): NamePattern {
  const plain = plainName(text)
  return plain.startsWith('*.') ? { name: plain.slice(2), before: wildcard } : { name: plain, before: 'nothing' }
}

export const plainName = (text: string): string => text.toLowerCase().replace(/\.$/, '')

export const patternKey = ({ name, before }: NamePattern): string => `${before} ${name}`

/** The keys of all patterns that a name matches: as many as it has labels, and one. */
export function keysOf(text: string): readonly string[] {
  const name = plainName(text)
  const keys = [patternKey({ name, before: 'nothing' })]
  let isFirst = true
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const rest = name.slice(dot + 1)
    if (isFirst) keys.push(patternKey({ name: rest, before: 'one' }))
    keys.push(patternKey({ name: rest, before: 'more' }))
    isFirst = false
  }
  return keys
}

/** Whether one of the patterns, as they stand in an object, matches one of the names. */
export function isNamed(patterns: readonly string[], wildcard: 'one' | 'more', names: readonly string[] = []): boolean {
  const keys = new Set(names.flatMap(keysOf))
  return patterns.some(text => keys.has(patternKey(namePattern(text, wildcard))))
}
