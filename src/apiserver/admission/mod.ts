import type { User } from '../auth/user.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'

/** A request as admission sees it. */
export interface Attributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly resource: Resource
  /** Empty for the object itself. */
  readonly subresource: string
  readonly namespace: string | undefined
  readonly name: string
  /** What will be stored; plugins change it in `admit`. Absent for DELETE. */
  readonly object?: Obj
  readonly old?: Obj
  readonly user: User
  readonly dryRun: boolean
  /** The kind of `object` where it is the options of a connection. */
  readonly connect?: string
  /** The version that the client speaks, where `resource` is another that somebody is asked in. */
  readonly requested?: Resource
  /** Tells the client something; absent where nobody hears it. */
  warn?(text: string): void
}

/** One step of admission. Methods throw StatusError to refuse. */
export interface Plugin {
  readonly name: string
  readonly operations: readonly Attributes['operation'][]
  /** May change attributes.object. */
  admit?(attributes: Attributes): void | Promise<void>
  /** Sees what all others made of the object. */
  validate?(attributes: Attributes): void | Promise<void>
  /** After admit succeeded: whether the object came to be stored. */
  settled?(attributes: Attributes, stored: boolean): void
}

export interface Admission {
  admit(attributes: Attributes): Promise<void>
  validate(attributes: Attributes): Promise<void>
  settled(attributes: Attributes, stored: boolean): void
}

/** Of one operation, who has something to do at each step. */
interface Steps {
  readonly admit: readonly Plugin[]
  readonly validate: readonly Plugin[]
  readonly settled: readonly Plugin[]
}

/** Runs the plugins in order. What an earlier one changed, later ones see. */
export function createAdmission(plugins: readonly Plugin[]): Admission {
  const stepsOf = (operation: Attributes['operation']): Steps => {
    const own = plugins.filter(({ operations }) => operations.includes(operation))
    return {
      admit: own.filter(({ admit, settled }) => admit ?? settled),
      validate: own.filter(({ validate }) => validate),
      settled: own.filter(({ settled }) => settled),
    }
  }
  const steps: Readonly<Record<Attributes['operation'], Steps>> = {
    CREATE: stepsOf('CREATE'),
    UPDATE: stepsOf('UPDATE'),
    DELETE: stepsOf('DELETE'),
    CONNECT: stepsOf('CONNECT'),
  }
  return {
    async admit(attributes) {
      const done: Plugin[] = []
      try {
        for (const plugin of steps[attributes.operation].admit) {
          const pending = plugin.admit?.(attributes)
          if (pending) await pending
          done.push(plugin)
        }
      } catch (error) {
        for (const plugin of done) plugin.settled?.(attributes, false)
        throw error
      }
    },
    async validate(attributes) {
      for (const plugin of steps[attributes.operation].validate) {
        const pending = plugin.validate?.(attributes)
        if (pending) await pending
      }
    },
    settled(attributes, stored) {
      for (const plugin of steps[attributes.operation].settled) plugin.settled?.(attributes, stored)
    },
  }
}

/** What messages call an object: a name that the server draws is drawn after admission. */
export function shownName({ metadata: { generateName = '' } }: Obj, name: string): string {
  return generateName !== '' && name.startsWith(generateName) ? generateName : name
}
