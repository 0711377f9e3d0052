import type { CliDeps, NamedOption } from './deps.ts'

/** Ends a twin; its objects stay for the next `up` unless --forget. */
export async function down(deps: CliDeps, options: NamedOption & { readonly forget?: boolean }): Promise<number> {
  const stopped = await deps.twins.stop(options.name, options.forget ? { forget: true } : {})
  const end = stopped ? 'is down' : 'was not running'
  deps.out(`The twin "${options.name}" ${end}${options.forget ? '; its state is gone' : ''}.\n`)
  return 0
}
