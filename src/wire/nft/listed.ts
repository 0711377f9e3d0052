/** An element as `nft -j` lists it, in the words of `Element`. */
export interface Listed {
  readonly key: string
  readonly value?: string
  readonly comment?: string
}

/**
 * Reads one element of a listed map or set: addresses, protocols, ports and numbers, alone or concatenated; data may be
 * the same or a verdict. Undefined for anything else, which we never write.
 */
export function listed(element: unknown): Listed | undefined {
  const [first, data] = Array.isArray(element) ? element : [element]
  const wrapped = isRecord(first) && isRecord(first.elem) ? first.elem : undefined
  const key = text(wrapped ? wrapped.val : first)
  const comment = wrapped?.comment
  if (key === undefined) return undefined
  const value = data === undefined ? undefined : (text(data) ?? verdict(data))
  if (data !== undefined && value === undefined) return undefined
  return {
    key,
    ...(value === undefined ? {} : { value }),
    ...(typeof comment === 'string' ? { comment } : {}),
  }
}

/** Packets and bytes, where the map counts for each of its elements. */
export function listedCounter(element: unknown): { readonly packets: number; readonly bytes: number } | undefined {
  const [first] = Array.isArray(element) ? element : [element]
  const counter = isRecord(first) && isRecord(first.elem) ? first.elem.counter : undefined
  if (!isRecord(counter)) return undefined
  const { packets, bytes } = counter
  return typeof packets === 'number' && typeof bytes === 'number' ? { packets, bytes } : undefined
}

/** Seconds until the element ends by itself. */
export function listedSeconds(element: unknown): number | undefined {
  const expires = isRecord(element) && isRecord(element.elem) ? element.elem.expires : undefined
  return typeof expires === 'number' ? expires : undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function text(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (!isRecord(value) || !Array.isArray(value.concat)) return undefined
  return value.concat.map(String).join(' . ')
}

function verdict(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined
  for (const word of ['goto', 'jump']) {
    const to = value[word]
    if (isRecord(to) && typeof to.target === 'string') return `${word} ${to.target}`
  }
  for (const word of ['accept', 'drop', 'return', 'continue']) if (word in value) return word
  return undefined
}
