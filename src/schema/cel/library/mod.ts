import type { Value } from '../value.ts'

/** Undefined where it is not for arguments of these types. Throws CelError. */
export type Body = (...args: readonly Value[]) => Value | undefined

/** Functions by name. A method's first argument is what it is called on. */
export interface Library {
  readonly functions?: Readonly<Record<string, Body>>
  readonly methods?: Readonly<Record<string, Body>>
}
