import { badRequest } from '../status-error.ts'

/** True of labels that the selector chooses. */
export type LabelMatcher = (labels: Readonly<Record<string, string>> | undefined) => boolean

type Token = { readonly is: 'word' | 'symbol'; readonly text: string }

/** A label selector as in kubectl's -l; undefined when it chooses everything. Throws StatusError 400. */
export function parseLabelSelector(text: string): LabelMatcher | undefined {
  const tokens = tokenize(text)
  if (tokens.length === 0) return undefined
  const requirements: LabelMatcher[] = []
  const fail = (found: string, expected: string): never => {
    throw badRequest(`unable to parse requirement: found '${found}', expected: ${expected}`)
  }
  let index = 0
  const peek = (): string => tokens[index]?.text ?? ''
  const word = (expected: string): string => {
    const token = tokens[index]
    if (token?.is !== 'word') return fail(peek(), expected)
    index++
    return token.text
  }
  const set = (): ReadonlySet<string> => {
    if (peek() !== '(') fail(peek(), "'('")
    const values = new Set<string>()
    do {
      index++
      values.add(tokens[index]?.is === 'word' ? word('identifier') : '')
    } while (peek() === ',')
    if (peek() !== ')') fail(peek(), "',', or ')'")
    index++
    return values
  }
  const requirement = (): LabelMatcher => {
    if (peek() === '!') {
      index++
      const key = checkKey(word('identifier'))
      return labels => labels?.[key] === undefined
    }
    const key = checkKey(word("!, identifier, or 'end of string'"))
    const operator = peek()
    if (operator === '' || operator === ',') return labels => labels?.[key] !== undefined
    index++
    switch (operator) {
      case '=':
      case '==': {
        const value = checkValue(tokens[index]?.is === 'word' ? word('identifier') : '')
        return labels => labels?.[key] === value
      }
      case '!=': {
        const value = checkValue(tokens[index]?.is === 'word' ? word('identifier') : '')
        return labels => labels?.[key] !== value
      }
      case '>':
      case '<':
        return comparison(key, operator, word('identifier'))
      case 'in':
      case 'notin': {
        const values = set()
        return labels => {
          const value = labels?.[key]
          return (value !== undefined && values.has(value)) === (operator === 'in')
        }
      }
      default:
        return fail(operator, 'in, notin, =, ==, !=, gt, lt')
    }
  }
  for (;;) {
    requirements.push(requirement())
    if (index === tokens.length) break
    if (peek() !== ',') fail(peek(), "',' or 'end of string'")
    index++
    if (tokens[index]?.is !== 'word' && peek() !== '!')
      throw badRequest(`found '${peek()}', expected: identifier after ','`)
  }
  return requirements.length === 1 ? requirements[0]! : labels => requirements.every(matches => matches(labels))
}

function comparison(key: string, operator: '>' | '<', bound: string): LabelMatcher {
  if (!/^-?\d+$/.test(bound))
    throw badRequest(
      `values[0][${key}]: Invalid value: ${JSON.stringify(bound)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    )
  const limit = Number(bound)
  return labels => {
    const value = labels?.[key]
    if (value === undefined || !/^-?\d+$/.test(value)) return false
    return operator === '>' ? Number(value) > limit : Number(value) < limit
  }
}

const SYMBOL = /^(==|!=|[=!<>(),])/
const WORD = /^[^\s=!<>(),]+/

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const symbol = SYMBOL.exec(rest)
    const found = symbol ?? WORD.exec(rest)!
    tokens.push({ is: symbol ? 'symbol' : 'word', text: found[0] })
    rest = rest.slice(found[0].length).trimStart()
  }
  return tokens
}

const NAME = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function checkKey(key: string): string {
  const slash = key.indexOf('/')
  const name = slash < 0 ? key : key.slice(slash + 1)
  const prefix = slash < 0 ? undefined : key.slice(0, slash)
  if (!NAME.test(name) || (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix))))
    throw badRequest(
      `key: Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    )
  return key
}

function checkValue(value: string): string {
  if (value !== '' && !NAME.test(value))
    throw badRequest(
      `values[0]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    )
  return value
}
