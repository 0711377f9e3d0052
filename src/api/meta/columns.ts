/** What the columns of several kinds share. */

import { age } from '../../lib/human-duration.ts'
import type { ApiObject, Column } from '../../schema/kind.ts'

export const NAME: Column<ApiObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Unique within a namespace for a kind.',
  cell: object => object.metadata.name,
}

export const AGE: Column<ApiObject> = {
  name: 'Age',
  type: 'string',
  description: 'How long ago the object was created.',
  cell: (object, nowMs) => age(object.metadata.creationTimestamp, nowMs),
}

/** For kinds without columns of their own. */
export const CREATED_AT: Column<ApiObject> = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  cell: object => object.metadata.creationTimestamp,
}

/** "a,b,c + 2 more..." */
export function firstThree(texts: readonly string[], none: string): string {
  if (texts.length === 0) return none
  const shown = texts.slice(0, 3).join(',')
  return texts.length > 3 ? `${shown} + ${texts.length - 3} more...` : shown
}

/** "a=b,c=d" in the order of keys. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',')
}

interface SelectorLike {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** "a=b,c in (x,y),!d" in the order of keys. */
export function selectorText(selector: SelectorLike | undefined): string {
  if (!selector) return '<none>'
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }))
  const demands = (selector.matchExpressions ?? []).map(demand => ({ key: demand.key, text: demandText(demand) }))
  const all = [...labels, ...demands].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return all.length === 0 ? '<none>' : all.map(one => one.text).join(',')
}

function demandText({ key, operator, values }: NonNullable<SelectorLike['matchExpressions']>[number]): string {
  const list = `(${[...(values ?? [])].sort().join(',')})`
  switch (operator) {
    case 'In':
      return `${key} in ${list}`
    case 'NotIn':
      return `${key} notin ${list}`
    case 'Exists':
      return key
    default:
      return `!${key}`
  }
}

interface ContainersLike {
  readonly spec?: { readonly containers: readonly { readonly name: string; readonly image?: string }[] }
}

/** The wide columns of everything that has a pod template. */
export const containerColumns = <T extends ApiObject>(
  templateOf: (object: T) => ContainersLike | undefined,
): readonly Column<T>[] => [
  {
    name: 'Containers',
    type: 'string',
    description: "The template's containers.",
    priority: 1,
    cell: object => (templateOf(object)?.spec?.containers ?? []).map(one => one.name).join(','),
  },
  {
    name: 'Images',
    type: 'string',
    description: "The template's images.",
    priority: 1,
    cell: object => (templateOf(object)?.spec?.containers ?? []).map(one => one.image ?? '').join(','),
  },
]

interface AddressLike {
  readonly ip?: string
  readonly hostname?: string
}

/** Where a load balancer can be reached, cut to 16 characters as in kubectl's narrow tables. */
export function loadBalancerText(ingress: readonly AddressLike[] | undefined): string {
  const addresses = [...new Set((ingress ?? []).map(one => one.ip || one.hostname || '').filter(one => one !== ''))]
  const text = addresses.sort().join(',')
  return text.length > 16 ? `${text.slice(0, 13)}...` : text
}
