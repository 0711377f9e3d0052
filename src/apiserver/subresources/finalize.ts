import type { Context, Reply } from '../context.ts'
import { readObject } from '../write/body.ts'
import { checkName } from '../write/metadata.ts'
import { parseWriteOptions } from '../write/options.ts'
import { updateObject } from '../write/update.ts'
import type { Subresource } from './mod.ts'

/** PUT namespaces/{name}/finalize: spec.finalizers alone; the last one gone removes a namespace that is being deleted. */
async function finalize(context: Context): Promise<Reply> {
  const options = parseWriteOptions(context.request, 'UpdateOptions')
  const object = await readObject(context, context.resource, options.fieldValidation)
  checkName(context, object)
  const { finalizers } = (object.spec ?? {}) as { readonly finalizers?: readonly string[] }
  return updateObject(
    context,
    current => {
      const { resourceVersion = '', uid = '' } = object.metadata
      const metadata = { ...current.metadata, resourceVersion, uid }
      return { object: { ...current, metadata, spec: { ...(current.spec as object), finalizers } }, tracked: false }
    },
    options,
  )
}

export const namespaceFinalize: Subresource = { name: 'finalize', verbs: { update: finalize } }
