/** Amounts such as 250m, 1.5Gi or 2e3, exact to a billionth. */
export interface Quantity {
  /** In billionths. */
  readonly nano: bigint
  readonly format: 'decimal' | 'binary' | 'exponent'
}

const NANO = 1_000_000_000n
const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[EPTGMk]|[EPTGMK]i|[num])?$/
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** undefined where the text is no quantity. Finer than a billionth is rounded away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = PATTERN.exec(text)
  const [, sign, whole = '', fraction = '', suffix = ''] = match ?? []
  if (!match || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const size = sizeOf(suffix)
  if (!size) return undefined
  const amount = scale(digits * size.factor, 9 - fraction.length + size.exponent)
  return { nano: sign === '-' ? -amount : amount, format: size.format }
}

function sizeOf(suffix: string): { factor: bigint; exponent: number; format: Quantity['format'] } | undefined {
  const binary = BINARY.indexOf(suffix)
  if (binary > 0) return { factor: 1024n ** BigInt(binary), exponent: 0, format: 'binary' }
  const decimal = DECIMAL.indexOf(suffix)
  if (decimal >= 0) return { factor: 1n, exponent: (decimal - 3) * 3, format: 'decimal' }
  const exponent = Number(suffix.slice(1))
  return Math.abs(exponent) > 30 ? undefined : { factor: 1n, exponent, format: 'exponent' }
}

/** digits x 10^exponent, rounded up. */
function scale(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent)
  const divisor = 10n ** BigInt(-exponent)
  return (digits + divisor - 1n) / divisor
}

/** The one way to write an amount: the largest suffix that leaves no fraction. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0'
  const sign = nano < 0n ? '-' : ''
  const amount = nano < 0n ? -nano : nano
  if (format === 'binary' && amount % NANO === 0n && amount / NANO >= 1024n) return sign + binaryText(amount / NANO)
  const [digits, step] = reduce(amount, 1000n, 9)
  const exponent = (step - 3) * 3
  if (format === 'exponent') return sign + digits + (exponent === 0 ? '' : `e${exponent}`)
  return sign + digits + DECIMAL[step]
}

function binaryText(amount: bigint): string {
  const [digits, step] = reduce(amount, 1024n, 6)
  return digits + BINARY[step]!
}

function reduce(amount: bigint, by: bigint, limit: number): [digits: string, steps: number] {
  let rest = amount
  let steps = 0
  while (steps < limit && rest % by === 0n) {
    rest /= by
    steps++
  }
  return [String(rest), steps]
}

/** As Kubernetes stores it: 1000m becomes 1, 1024Mi becomes 1Gi. undefined where the text is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text)
  return quantity && formatQuantity(quantity)
}
