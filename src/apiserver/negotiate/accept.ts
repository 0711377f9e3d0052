import { notAcceptable } from '../errors.ts'

/** What the client wants to get: a format, and perhaps another kind than the object's own. */
export interface Output {
  readonly format: 'json' | 'yaml'
  readonly as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'
  /** Of meta.k8s.io; set with `as`. */
  readonly version?: 'v1' | 'v1beta1'
}

export const JSON_OUTPUT: Output = { format: 'json' }

const SUPPORTED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const CONVERSIONS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])

interface Range {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

const parsed = new Map<string, readonly Range[]>()

/** The first of the client's choices that the server has. Throws StatusError 406. */
export function chooseOutput(accept: string | undefined, conversions = true): Output {
  if (accept === undefined || accept === '') return JSON_OUTPUT
  for (const range of rangesOf(accept)) {
    const output = outputOf(range, conversions)
    if (output) return output
  }
  throw notAcceptable(SUPPORTED)
}

function rangesOf(accept: string): readonly Range[] {
  const known = parsed.get(accept)
  if (known) return known
  const ranges = parseAccept(accept)
  // Clients send a handful of different headers; anything beyond that is not worth remembering.
  if (parsed.size < 256) parsed.set(accept, ranges)
  return ranges
}

/** In the order of preference: quality, then place. */
export function parseAccept(accept: string): readonly Range[] {
  return accept
    .split(',')
    .map(text => {
      const [type, ...rest] = text.split(';').map(part => part.trim())
      const parameters = new Map(rest.map(part => part.split('=', 2) as [string, string]))
      return { type: type!.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) }
    })
    .sort((a, b) => b.quality - a.quality)
}

function outputOf({ type, parameters }: Range, conversions: boolean): Output | undefined {
  const format = formatOf(type)
  if (!format) return undefined
  const as = parameters.get('as')
  if (as === undefined) return { format }
  const version = parameters.get('v')
  if (!conversions || !CONVERSIONS.has(as) || parameters.get('g') !== 'meta.k8s.io') return undefined
  if (version !== 'v1' && version !== 'v1beta1') return undefined
  return { format, as: as as NonNullable<Output['as']>, version }
}

function formatOf(type: string): Output['format'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json'
  return type === 'application/yaml' ? 'yaml' : undefined
}
