/** What a path asks for, as k8s.io/apiserver's RequestInfo. */
export type PathInfo =
  | { readonly is: 'other'; readonly path: string }
  | {
      readonly is: 'resource'
      readonly path: string
      readonly group: string
      readonly version: string
      /** Empty: the GroupVersion itself. */
      readonly plural: string
      readonly namespace?: string
      readonly name?: string
      readonly subresource?: string
      /** What follows the subresource (proxy paths). */
      readonly rest?: string
    }

/** Subresources of namespaces themselves; any other third part is a resource within the namespace. */
const OF_NAMESPACES = new Set(['status', 'finalize'])

/** Throws URIError on a malformed escape. */
export function parsePath(path: string): PathInfo {
  const parts = path.split('/').slice(1)
  if (parts.at(-1) === '') parts.pop()
  if (parts[0] === 'api' && parts.length >= 2) return resourceInfo(path, '', parts[1]!, parts.slice(2))
  if (parts[0] === 'apis' && parts.length >= 3) return resourceInfo(path, parts[1]!, parts[2]!, parts.slice(3))
  return { is: 'other', path }
}

function resourceInfo(path: string, group: string, version: string, encoded: readonly string[]): PathInfo {
  const parts = path.includes('%') ? encoded.map(decodeURIComponent) : encoded
  const base = { is: 'resource', path, group, version } as const
  if (parts[0] === 'namespaces' && parts.length >= 3 && !(group === '' && OF_NAMESPACES.has(parts[2]!)))
    return { ...base, namespace: parts[1]!, ...objectPart(parts.slice(2)) }
  return { ...base, ...objectPart(parts) }
}

function objectPart(parts: readonly string[]) {
  const [plural = '', name, subresource, ...rest] = parts
  return {
    plural,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(rest.length === 0 ? {} : { rest: rest.join('/') }),
  }
}
