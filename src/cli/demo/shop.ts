import { KINDS } from '../../api/registry.ts'
import type { Client } from '../../client/mod.ts'
import { UserError } from '../../lib/errors.ts'
import type { ApiObject, Kind } from '../../schema/kind.ts'
import { apiVersionOf } from '../../schema/kind.ts'

export interface Applied {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Applies every document of the texts, in their order, as server-side apply does. */
export async function applyAll(client: Client, texts: readonly string[]): Promise<readonly Applied[]> {
  const { parseAllDocuments } = await import('yaml')
  const objects = texts.flatMap(text => parseAllDocuments(text).map(document => document.toJS() as ApiObject))
  const applied: Applied[] = []
  for (const object of objects) applied.push(await apply(client, object))
  return applied
}

async function apply(client: Client, object: ApiObject): Promise<Applied> {
  const kind = kindOf(object)
  const { name, namespace } = object.metadata
  const key = kind.namespaced ? { name, namespace: namespace ?? 'default' } : { name }
  await client.patch(kind, key, { type: 'apply', body: object, fieldManager: 'fairlead-demo', force: true })
  return { kind: kind.kind, namespace: key.namespace ?? '', name }
}

function kindOf(object: ApiObject): Kind {
  const found = KINDS.find(kind => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion)
  if (!found) throw new UserError('UnknownKind', `${object.apiVersion} ${object.kind}: this API has no such kind`)
  return found
}
