interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly Requirement[]
}

type Labels = Readonly<Record<string, string>>

/** A LabelSelector, or the labels alone that older kinds have, in the form of kubectl's -l. */
export function selectorText(selector: unknown): string {
  const isLabels = Object.values(selector as object).some(value => typeof value === 'string')
  const { matchLabels = {}, matchExpressions = [] }: Selector = isLabels
    ? { matchLabels: selector as Labels }
    : (selector as Selector)
  const labels = Object.entries(matchLabels).map(([key, value]) => [key, `${key}=${value}`] as const)
  const expressions = matchExpressions.map(requirement => [requirement.key, expressionText(requirement)] as const)
  return [...labels, ...expressions]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',')
}

function expressionText({ key, operator, values = [] }: Requirement): string {
  switch (operator) {
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    default:
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`
  }
}
