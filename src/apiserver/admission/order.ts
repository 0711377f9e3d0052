import type { Store } from '../../store/mod.ts'
import type { Registry } from '../resource/registry.ts'
import type { Plugin } from './mod.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'

export interface AdmissionParts {
  readonly store: Store
  readonly registry: Registry
}

/** Every plugin in its place, with the reason for the place. */
export function admissionOrder(parts: AdmissionParts): readonly Plugin[] {
  return [
    // First: whoever creates in a namespace that is not there should hear of that, not of anything else.
    namespaceLifecycle(parts.store, parts.registry),
  ]
}
