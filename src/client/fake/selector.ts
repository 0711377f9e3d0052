type Labels = Readonly<Record<string, string>>
type Test = (labels: Labels) => boolean

/** The label selector grammar but for > and <: a=b, a==b, a!=b, a in (b,c), a notin (b,c), a, !a. */
export function labelSelector(text: string | null): Test {
  const tests = (text ?? '')
    .split(/,(?![^(]*\))/)
    .filter(part => part.trim() !== '')
    .map(requirement)
  return labels => tests.every(test => test(labels))
}

function requirement(text: string): Test {
  const set = /^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(text)
  if (set) {
    const values = set[3]!.split(',').map(value => value.trim())
    const isIn = set[2] === 'in'
    return labels => values.includes(labels[set[1]!] ?? '\0') === isIn
  }
  const pair = /^\s*([^!=\s]+)\s*(!=|==?)\s*(\S*)\s*$/.exec(text)
  if (pair) return labels => (labels[pair[1]!] === pair[3]) === (pair[2] !== '!=')
  const key = text.trim()
  return key.startsWith('!') ? labels => !(key.slice(1) in labels) : labels => key in labels
}

/** spec.nodeName=node-1,status.phase!=Failed over any object. */
export function fieldSelector(text: string | null): (object: object) => boolean {
  const tests = (text ?? '')
    .split(',')
    .filter(Boolean)
    .map(part => /^([^!=]+)(!=|==?)(.*)$/.exec(part))
  return object =>
    tests.every(test => test === null || (String(at(object, test[1]!) ?? '') === test[3]) === (test[2] !== '!='))
}

const at = (object: object, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object)
