import { imageKind, repositoryOf } from './images.ts'
import type { ContainerSpec } from './mod.ts'

/** How to run a container, and why that way: the text that `kubectl describe pod` shows. */
export type Choice =
  | { readonly as: 'builtin'; readonly builtin: string; readonly args: readonly string[]; readonly why: string }
  | {
      readonly as: 'process'
      readonly argv: readonly string[]
      /** Busybox applets come before this machine's tools in its PATH. */
      readonly applets: boolean
      /** Fairlead's own program: sees this machine as it is. */
      readonly role: boolean
      readonly why: string
    }
  | { readonly as: 'stand-in'; readonly why: string }
  /** As a runtime that finds no executable: the container ends at once with this code. */
  | { readonly as: 'cannot'; readonly exitCode: 127 | 128; readonly why: string }

/** What the choice depends on beside the container itself. */
export interface Machine {
  /** Whether the command can be run here: a tool in the PATH, a file, or with `applets` a busybox applet. */
  runs(command: string): boolean
  /** Whether a file of that absolute path exists here, or is mounted into the container. */
  exists(path: string): boolean
  /** The pod's namespace: parts of Fairlead run in the cluster's own alone. */
  readonly namespace: string
  /** Servers that the caller brought, by repository: `fairlead/dns`. */
  readonly builtins: ReadonlySet<string>
  /** Programs of our own, by repository: `fairlead/router` -> its command line. */
  readonly roles: ReadonlyMap<string, readonly string[]>
}

type Command = Pick<ContainerSpec, 'image' | 'command' | 'args'>

export function choose(spec: Command, machine: Machine): Choice {
  return injected(spec, machine) ?? known(spec, machine) ?? unknown(spec, machine)
}

/** Whoever may make pods here may do anything anyway; elsewhere an image's name must not bring credentials with it. */
const isClusters = (namespace: string): boolean => namespace.startsWith('openshift-') || namespace === 'kube-system'

/** Parts of Fairlead itself, under whatever registry. */
function injected(spec: Command, machine: Machine): Choice | undefined {
  if (!isClusters(machine.namespace)) return undefined
  const name = repositoryOf(spec.image).slice(-2).join('/')
  const role = machine.roles.get(name)
  const args = [...spec.command, ...spec.args]
  if (role)
    return { as: 'process', argv: [...role, ...args], applets: false, role: true, why: `${name} is a part of Fairlead` }
  if (!machine.builtins.has(name)) return undefined
  return { as: 'builtin', builtin: name, args, why: `${name} is a part of Fairlead` }
}

function known(spec: Command, machine: Machine): Choice | undefined {
  const kind = imageKind(spec.image)
  if (!kind) return undefined
  if (kind.as === 'builtin') return server(spec, kind, machine)
  const command = spec.command.length > 0 ? spec.command : kind.entrypoint
  const argv = [...command, ...(spec.args.length > 0 ? spec.args : spec.command.length > 0 ? [] : kind.cmd)]
  if (argv.length === 0) return { as: 'cannot', exitCode: 128, why: 'no command specified' }
  if (!machine.runs(argv[0]!)) return { as: 'cannot', exitCode: 127, why: notFound(argv[0]!) }
  const why = `the image ${quote(spec.image)} is known for its tools; ${quote(argv[0]!)} of this machine runs in the pod`
  return { as: 'process', argv, applets: kind.applets, role: false, why }
}

function server(
  spec: Command,
  kind: { readonly builtin: string; readonly entrypoints: readonly string[] },
  machine: Machine,
): Choice {
  const [command, ...rest] = spec.command
  const why = `the image ${quote(spec.image)} is recognised: built-in ${kind.builtin}`
  const args = [...rest, ...spec.args]
  if (command === undefined || kind.entrypoints.includes(command))
    return { as: 'builtin', builtin: kind.builtin, args, why }
  if (!machine.runs(command)) return { as: 'cannot', exitCode: 127, why: notFound(command) }
  const instead = `its command ${quote(command)} runs on this machine, instead of built-in ${kind.builtin}`
  return { as: 'process', argv: [...spec.command, ...spec.args], applets: false, role: false, why: instead }
}

function unknown(spec: Command, machine: Machine): Choice {
  const [command] = spec.command
  const image = `the image ${quote(spec.image)} is not known`
  if (command === undefined) return { as: 'stand-in', why: `${image} and no command is named` }
  if (!machine.runs(command))
    return { as: 'stand-in', why: `${image} and ${quote(command)} does not exist on this machine` }
  const argv = [...spec.command, ...spec.args]
  const program = missingProgram(argv, machine)
  if (program)
    return { as: 'stand-in', why: `${image} and its program ${quote(program)} does not exist on this machine` }
  return {
    as: 'process',
    argv,
    applets: false,
    role: false,
    why: `its command ${quote(command)} exists on this machine`,
  }
}

const INTERPRETERS = /^(node|nodejs|python[\d.]*|ruby|perl|php|java|deno|bun|dotnet|gunicorn|uvicorn)$/

/** An interpreter alone is no application: the file or module it should run must be here too. */
function missingProgram(argv: readonly string[], machine: Machine): string | undefined {
  const name = argv[0]!.split('/').at(-1)!
  if (!INTERPRETERS.test(name)) return undefined
  const rest = argv.slice(1)
  if (rest.some(argument => /^(-c|-[A-Za-z]*e|-r|--eval|-p|--print|--version|-V|-v)$/.test(argument))) return undefined
  const program = rest.find(argument => !argument.startsWith('-'))
  if (program === undefined) return undefined
  if (name.startsWith('python') && rest[rest.indexOf(program) - 1] === '-m')
    return /^(http\.server|json\.tool|timeit|this)$/.test(program) ? undefined : program
  return program.startsWith('/') && machine.exists(program) ? undefined : program
}

const quote = (text: string): string => JSON.stringify(text)
/** As OCI runtimes word it. */
const notFound = (command: string): string =>
  command.includes('/')
    ? `exec: ${quote(command)}: stat ${command}: no such file or directory`
    : `exec: ${quote(command)}: executable file not found in $PATH`
