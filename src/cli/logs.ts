import { UserError } from '../lib/errors.ts'
import type { CliDeps, NamedOption } from './deps.ts'

export interface LogsOptions extends NamedOption {
  readonly follow?: boolean
  readonly tail?: string
}

/** What a role has written: api, runtime, node-1 ..., supervisor. Routers and DNS servers are pods: kubectl logs. */
export async function logs(deps: CliDeps, role: string, options: LogsOptions): Promise<number> {
  const tail = options.tail === undefined ? undefined : Number(options.tail)
  if (tail !== undefined && !Number.isInteger(tail))
    throw new UserError('Usage', `--tail ${options.tail} is not a number of lines`, { hint: 'write --tail 100' })
  const control = await deps.twins.control(options.name)
  try {
    const wanted = { follow: options.follow ?? false, ...(tail === undefined ? {} : { tail }) }
    for await (const chunk of control.logs(role, wanted, deps.interrupted)) deps.stdout.write(chunk)
    return 0
  } finally {
    control.close()
  }
}
