/** Where the program begins: roles of a twin and of a cluster by name, everything else is a verb of the command line. */
import { UserError } from './lib/errors.ts'
import { fatal } from './main/fatal.ts'

type Start = (args: readonly string[]) => Promise<void>

/** Loaded one at a time: a role pays for its own rooms alone. */
const ROLES: Readonly<Record<string, () => Promise<Start>>> = {
  supervise: async () => (await import('./main/supervise.ts')).supervise,
  api: async () => (await import('./main/api.ts')).api,
  runtime: async () => (await import('./main/runtime.ts')).runtime,
  node: async () => (await import('./main/node.ts')).node,
  router: async () => (await import('./main/router.ts')).router,
  dns: async () => (await import('./main/dns.ts')).dns,
}

async function main([name = '', ...args]: readonly string[]): Promise<void> {
  const role = Object.hasOwn(ROLES, name) && !args.includes('--help') ? ROLES[name] : undefined
  if (role) return (await role())(args)
  const { commandLine } = await import('./main/cli.ts')
  process.exitCode = await commandLine([name, ...args])
}

main(process.argv.slice(2)).catch((error: unknown) => {
  fatal(error)
  process.exit(error instanceof UserError ? 1 : 70)
})
