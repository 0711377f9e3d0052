import { messageOf } from '../../../lib/errors.ts'
import type { Builtin, BuiltinContext } from './mod.ts'
import { ended } from './mod.ts'

/** What a server's program says when it is called with a flag that asks, instead of serving. */
export interface Questions {
  /** As in "nginx version: nginx/1.29.0". version: that of the image's tag, where it has one. */
  readonly version: (version: string) => string
  readonly fallback: string
  /** What is wrong with its settings throws; what is told where they are right. */
  readonly check: (context: BuiltinContext) => string
  readonly name: string
}

/** `-v`, `-V`, `-t` and `-s`, as one asks a server of a container by exec; everything else serves. */
export const withQuestions =
  (serve: Builtin, { version, fallback, check, name }: Questions): Builtin =>
  context => {
    const [flag] = context.args
    if (flag === '-v' || flag === '-V') {
      const [, tag] = /:v?(\d+(?:\.\d+)+)[^/]*$/.exec(context.image.replace(/@.*$/, '')) ?? []
      context.err(version(tag ?? fallback))
      return Promise.resolve(ended(0))
    }
    if (flag === '-t') {
      try {
        context.err(check(context))
        return Promise.resolve(ended(0))
      } catch (error) {
        context.err(`${name}: ${messageOf(error)}`)
        return Promise.resolve(ended(1))
      }
    }
    if (flag === '-s' || flag === '-k') {
      context.err(`${name}: the built-in server takes no signals; delete the pod to start it anew`)
      return Promise.resolve(ended(1))
    }
    return serve(context)
  }
