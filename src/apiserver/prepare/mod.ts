import type { FieldError } from '../../schema/kind.ts'
import type { User } from '../auth/user.ts'
import type { Kernel } from '../context.ts'
import { asDefinition } from '../crd/definition.ts'
import { prepareDefinition, prepareDefinitionUpdate } from '../crd/prepare.ts'
import { definitionErrors } from '../crd/validate.ts'
import type { Obj } from '../object.ts'
import { prepareJob } from './job.ts'
import { prepareNamespace } from './namespace.ts'
import { keepPlace, preparePod } from './pod.ts'
import { keepSigningRequest, prepareSigningRequest, signingRequestProblems } from './signing-request.ts'

/** What the server makes of a type's object before defaults and admission, whatever the client sent. */
export interface Preparation {
  readonly create?: (object: Obj, kernel: Kernel, user: User) => void
  /** Not for subresources. */
  readonly update?: (object: Obj, old: Obj, kernel: Kernel) => void
  /** Checks that need more than a kind's own. */
  readonly errors?: (object: Obj, old?: Obj) => readonly FieldError[]
}

/** By group/plural. */
const PREPARATIONS: Readonly<Record<string, Preparation>> = {
  '/namespaces': { create: prepareNamespace },
  '/pods': { create: preparePod, update: keepPlace },
  'batch/jobs': { create: prepareJob },
  'certificates.k8s.io/certificatesigningrequests': {
    create: prepareSigningRequest,
    update: keepSigningRequest,
    errors: signingRequestProblems,
  },
  // Only labels and annotations are the user's.
  'project.openshift.io/projects': {
    update(object, old) {
      object.spec = old.spec
      object.status = old.status
    },
  },
  'apiextensions.k8s.io/customresourcedefinitions': {
    create: prepareDefinition,
    update: prepareDefinitionUpdate,
    errors: (object, old) => definitionErrors(asDefinition(object), old && asDefinition(old)),
  },
}

const NOTHING: Preparation = {}

export const preparationOf = (group: string, plural: string): Preparation =>
  PREPARATIONS[`${group}/${plural}`] ?? NOTHING
