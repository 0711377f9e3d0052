import { parseQuantity } from '../../../schema/quantity.ts'
import type { Pod } from '../pod.ts'

/** Amounts by resource name: cpu in cores, memory in bytes, pods in pods. */
export type Amounts = Readonly<Record<string, number>>

/** Quantities as numbers; what is no quantity counts as nothing. */
export const amountsOf = (quantities: Readonly<Record<string, string>> | undefined): Amounts =>
  Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, text]) => [name, Number(parseQuantity(text)?.nano ?? 0n) / 1e9]),
  )

/** What a pod asks a node for: the sum of its containers, or the largest init container where that is more; plus overhead. */
export function podRequests(spec: Pod['spec']): Amounts {
  const sum: Record<string, number> = {}
  for (const container of spec.containers) add(sum, amountsOf(container.resources?.requests))
  for (const container of spec.initContainers ?? []) {
    const wanted = amountsOf(container.resources?.requests)
    if (container.restartPolicy === 'Always') add(sum, wanted)
    else for (const [name, amount] of Object.entries(wanted)) sum[name] = Math.max(sum[name] ?? 0, amount)
  }
  add(sum, amountsOf(spec.overhead))
  return sum
}

function add(sum: Record<string, number>, amounts: Amounts): void {
  for (const [name, amount] of Object.entries(amounts)) sum[name] = (sum[name] ?? 0) + amount
}
