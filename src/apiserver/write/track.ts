import type { Context } from '../context.ts'
import type { Obj } from '../object.ts'
import { trackUpdate } from '../patch/mod.ts'

/** The object with its managedFields brought up to date. */
export function track(context: Context, current: Obj | undefined, next: Obj, manager: string): Obj {
  const target = context.resource.patchTarget(context.info.subresource ?? '')
  return trackUpdate(current, next, manager, target, context.kernel.clock.now()) as Obj
}
