/** What a LimitRange lets one object ask for. Source and words: k8s.io/kubernetes/plugin/pkg/admission/limitranger. */
import type { LimitRangeItem } from '../../../api/core/limit-range.ts'
import { formatQuantity, parseQuantity } from '../../../schema/quantity.ts'

export type Quantities = Readonly<Record<string, string>>

/** What is asked for: of a container, or of a pod as a whole. */
export interface Asked {
  readonly requests: Quantities
  readonly limits: Quantities
}

const nanoOf = (text: string): bigint => parseQuantity(text)?.nano ?? 0n

/** What one item says against it. */
export function violations(item: LimitRangeItem, asked: Asked): readonly string[] {
  return [
    ...each(item.min, name => minProblem(item, name, asked)),
    ...each(item.max, name => maxProblem(item, name, asked)),
    ...each(item.maxLimitRequestRatio, name => ratioProblem(item, name, asked)),
  ]
}

const each = (all: Quantities | undefined, problem: (name: string) => string | undefined): readonly string[] =>
  Object.keys(all ?? {})
    .sort()
    .flatMap(name => problem(name) ?? [])

function minProblem({ type, min }: LimitRangeItem, name: string, asked: Asked): string | undefined {
  const least = min![name]!
  const start = `minimum ${name} usage per ${type} is ${least}`
  const [request, limit] = [asked.requests[name], asked.limits[name]]
  if (request === undefined) return `${start}.  No request is specified`
  if (nanoOf(request) < nanoOf(least)) return `${start}, but request is ${request}`
  return limit !== undefined && nanoOf(limit) < nanoOf(least) ? `${start}, but limit is ${limit}` : undefined
}

function maxProblem({ type, max }: LimitRangeItem, name: string, asked: Asked): string | undefined {
  const most = max![name]!
  const start = `maximum ${name} usage per ${type} is ${most}`
  const [request, limit] = [asked.requests[name], asked.limits[name]]
  const isTooMuch = request !== undefined && nanoOf(request) > nanoOf(most)
  if (type === 'PersistentVolumeClaim') {
    if (request === undefined) return `${start}.  No request is specified`
    return isTooMuch ? `${start}, but request is ${request}` : undefined
  }
  if (limit === undefined) return `${start}.  No limit is specified`
  if (nanoOf(limit) > nanoOf(most)) return `${start}, but limit is ${limit}`
  return isTooMuch ? `${start}, but request is ${request}` : undefined
}

function ratioProblem({ type, maxLimitRequestRatio }: LimitRangeItem, name: string, asked: Asked): string | undefined {
  const most = maxLimitRequestRatio![name]!
  const start = `${name} max limit to request ratio per ${type} is ${most}`
  const request = nanoOf(asked.requests[name] ?? '0')
  const limit = nanoOf(asked.limits[name] ?? '0')
  if (request === 0n) return `${start}, but no request is specified or request is 0`
  if (limit === 0n) return `${start}, but no limit is specified or limit is 0`
  const ratio = Number(limit) / Number(request)
  return ratio > Number(nanoOf(most)) / 1e9 ? `${start}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}

interface Container {
  readonly restartPolicy?: unknown
  readonly resources?: Partial<Asked>
}

/** A pod as a whole: its containers together, or an init container that asks for more. */
export function askedByPod(containers: readonly Container[], initContainers: readonly Container[]): Asked {
  const total = (of: 'requests' | 'limits'): Quantities => {
    const sum: Record<string, bigint> = {}
    const add = (container: Container): void => {
      for (const [name, text] of Object.entries(container.resources?.[of] ?? {}))
        sum[name] = (sum[name] ?? 0n) + nanoOf(text)
    }
    for (const container of [...containers, ...initContainers.filter(staysOn)]) add(container)
    for (const container of initContainers.filter(one => !staysOn(one)))
      for (const [name, text] of Object.entries(container.resources?.[of] ?? {}))
        if (nanoOf(text) > (sum[name] ?? 0n)) sum[name] = nanoOf(text)
    return Object.fromEntries(Object.entries(sum).map(([name, nano]) => [name, textOf(name, nano)]))
  }
  return { requests: total('requests'), limits: total('limits') }
}

const staysOn = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

const textOf = (name: string, nano: bigint): string =>
  formatQuantity({ nano, format: name === 'cpu' ? 'decimal' : 'binary' })
