/** How many of `total` requests, by turns, go to each; `stride` makes the turns interleave. */
export interface Shares {
  /** The sum of the weights over their greatest common divisor. */
  readonly total: number
  /** Coprime to total. */
  readonly stride: number
  /** Per input, how many of the turns 0 to total - 1 are its own: the first ones belong to the first. */
  readonly turns: readonly number[]
}

/** Weights are whole numbers above 0. Turn n belongs to slot (n x stride) mod total, so every total turns are exact. */
export function sharesOf(weights: readonly number[]): Shares {
  const divisor = weights.reduce(gcd)
  const turns = weights.map(weight => weight / divisor)
  const total = turns.reduce((sum, count) => sum + count, 0)
  return { total, stride: strideOf(total), turns }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** The golden section spreads evenly; the nearest number that visits every slot. */
function strideOf(total: number): number {
  const wanted = Math.max(1, Math.round(total * 0.618))
  for (let distance = 0; distance < total; distance++)
    for (const stride of [wanted + distance, wanted - distance])
      if (stride > 0 && stride < Math.max(2, total) && gcd(stride, total) === 1) return stride
  return 1
}
