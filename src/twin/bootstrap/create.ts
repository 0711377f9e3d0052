import { KINDS } from '../../api/registry.ts'
import type { Client } from '../../client/mod.ts'
import { isAlreadyExists } from '../../client/mod.ts'
import type { ApiObject, Kind } from '../../schema/kind.ts'
import { apiVersionOf } from '../../schema/kind.ts'
import type { Manifest } from './mod.ts'

/** Creates what is missing: namespaces first, then everything else at once. What is there is left as it is. */
export async function createMissing(client: Client, manifests: readonly Manifest[]): Promise<void> {
  const isNamespace = (manifest: Manifest): boolean => manifest.kind === 'Namespace'
  await Promise.all(manifests.filter(isNamespace).map(manifest => create(client, manifest)))
  await Promise.all(manifests.filter(manifest => !isNamespace(manifest)).map(manifest => create(client, manifest)))
}

async function create(client: Client, manifest: Manifest): Promise<void> {
  const kind = kindOf(manifest)
  const { status, ...draft } = manifest as Manifest & { readonly status?: unknown }
  try {
    const made = await client.create(kind, draft as never)
    if (status !== undefined) await client.updateStatus(kind, { ...made, status } as ApiObject)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

function kindOf({ apiVersion, kind }: Manifest): Kind {
  const found = KINDS.find(each => each.kind === kind && apiVersionOf(each) === apiVersion)
  if (!found) throw new Error(`no kind ${apiVersion} ${kind}`)
  return found
}
