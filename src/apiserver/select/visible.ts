import type { Context } from '../context.ts'
import type { Selection } from './selection.ts'

/** Of a type that shows namespaces, everybody may list, and each sees those whose namespace he may get. */
export function visibleTo({ kernel, resource, user }: Context, selection: Selection): Selection {
  if (!resource.showsNamespaces) return selection
  const may = (verb: string, name: string): boolean => {
    const asked = { group: '', version: 'v1', plural: 'namespaces', subresource: '', namespace: name, name }
    return kernel.authorizer.authorize({ user, verb, path: '', resource: asked }).allowed
  }
  if (may('list', '')) return selection
  const { matches } = selection
  return { ...selection, matches: object => may('get', object.metadata.name!) && (matches?.(object) ?? true) }
}
