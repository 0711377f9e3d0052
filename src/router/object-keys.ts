import type { Selection } from '../client/mod.ts'

/** One object: a router may be allowed to read no other. */
export const byName = (key: string): Selection & { readonly namespace: string } => {
  const { namespace, name } = splitKey(key)
  return { namespace, fieldSelector: `metadata.name=${name}` }
}

export const splitKey = (key: string): { readonly namespace: string; readonly name: string } => {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
export const keyOf = ({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}): string => `${metadata.namespace}/${metadata.name}`
