interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

/** A LabelSelector in the form of kubectl's -l. */
export function selectorText(selector: unknown): string {
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    readonly matchLabels?: Readonly<Record<string, string>>
    readonly matchExpressions?: readonly Requirement[]
  }
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
