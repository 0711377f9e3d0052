import { rfc3339 } from '../../lib/clock.ts'
import type { Kernel } from '../context.ts'
import type { Obj } from '../object.ts'
import { at } from '../object.ts'
import { asDefinition, CLEANUP_FINALIZER } from './definition.ts'
import { statusWithNames } from './names.ts'

/**
 * A definition is in use as soon as it is stored: its names are judged here, and what watches the store registers it before
 * whoever created it is answered. Upstream's controllers do the same one after another.
 */
export function prepareDefinition(object: Obj, kernel: Kernel): void {
  const { metadata } = object
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), CLEANUP_FINALIZER])]
  judge(object, kernel)
}

export const prepareDefinitionUpdate = (object: Obj, _old: Obj, kernel: Kernel): void => judge(object, kernel)

function judge(object: Obj, { registry, clock }: Kernel): void {
  // Without these the schema's own checks refuse it.
  if (!at(object, 'spec', 'names', 'plural') || !at(object, 'spec', 'names', 'kind') || !at(object, 'spec', 'group'))
    return
  if (!Array.isArray(at(object, 'spec', 'versions'))) return
  object.status = statusWithNames(asDefinition(object), registry, rfc3339(clock.now()))
}
