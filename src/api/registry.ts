import type { Kind } from '../schema/kind.ts'

/** Every kind the embedded API serves from its own schema, in discovery order. */
export const KINDS: readonly Kind[] = []
