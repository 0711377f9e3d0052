import type { Obj } from '../object.ts'
import { prepareNamespace } from './namespace.ts'
import { preparePod } from './pod.ts'

/** What the server makes of a type's object before defaults and admission, whatever the client sent. */
export interface Preparation {
  readonly create?: (object: Obj) => void
  readonly update?: (object: Obj, old: Obj) => void
}

/** By group/plural. */
const PREPARATIONS: Readonly<Record<string, Preparation>> = {
  '/namespaces': { create: prepareNamespace },
  '/pods': { create: preparePod },
}

const NOTHING: Preparation = {}

export const preparationOf = (group: string, plural: string): Preparation =>
  PREPARATIONS[`${group}/${plural}`] ?? NOTHING
