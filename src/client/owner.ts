import type { OwnerReference } from '../api/meta/meta.ts'
import { type ApiObject, apiVersionOf, type Kind } from '../schema/kind.ts'

/** The reference of the one controller that manages an object. */
export const controllerReference = <T extends ApiObject>(kind: Kind<T>, owner: T): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
})

type Owned = { readonly metadata: { readonly ownerReferences?: readonly OwnerReference[] } }

export const controllerOf = (object: Owned): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(reference => reference.controller)

/** An index of objects by the UID of their controller. */
export const byController = (object: Owned): readonly string[] => {
  const owner = controllerOf(object)
  return owner ? [owner.uid] : []
}
