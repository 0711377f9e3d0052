import { UserError } from '../lib/errors.ts'
import type { Launched, LaunchRequest, Ports } from '../twin/mod.ts'
import type { CliDeps, NamedOption } from './deps.ts'

export interface UpOptions extends NamedOption {
  readonly nodes?: string
  readonly maxPods?: string
  readonly profile?: string
  readonly config?: string
  readonly dualStack?: boolean
  readonly rootless?: boolean
  readonly ephemeral?: boolean
  readonly publish?: string
}

/** Starts a twin and says what next. */
export async function up(deps: CliDeps, options: UpOptions): Promise<number> {
  const request = await requestOf(deps, options)
  const startMs = deps.clock.monotonic()
  const launched = await deps.twins.launch(request, step => deps.err(`  ${step}\n`), deps.interrupted)
  const seconds = ((deps.clock.monotonic() - startMs) / 1000).toFixed(1)
  const { name } = launched.state
  deps.out(`${launched.already ? `The twin "${name}" is already running.` : `The twin "${name}" is up (${seconds} s).`}
${whatNext(launched)}`)
  return 0
}

function whatNext({ state: { name, ports }, kubeconfig, profile }: Launched): string {
  const flag = name === 'default' ? '' : ` --name ${name}`
  const port = ports.https === 443 ? '' : `:${ports.https}`
  const okd = profile === 'okd'
  const routes = `
               every Route NAME in NAMESPACE: https://NAME-NAMESPACE.apps.fairlead.localhost${port}`
  return `
  export KUBECONFIG=${kubeconfig}

  API          https://127.0.0.1:${ports.api}
  front door   http://127.0.0.1:${ports.http}   https://127.0.0.1:${ports.https}${okd ? routes : ''}

Try:  kubectl get nodes,pods -A      ${okd ? `./fairlead demo${flag}      ` : ''}./fairlead down${flag}
`
}

async function requestOf(deps: CliDeps, options: UpOptions): Promise<LaunchRequest> {
  const { profile, config } = options
  if (profile !== undefined && profile !== 'okd' && profile !== 'kubernetes')
    throw new UserError('Usage', `--profile ${profile}: unknown`, { hint: 'there are okd and kubernetes' })
  return {
    name: options.name,
    ...(options.nodes === undefined ? {} : { nodes: Number(options.nodes) }),
    ...(options.maxPods === undefined ? {} : { maxPods: Number(options.maxPods) }),
    ...(profile === undefined ? {} : { profile }),
    ...(config === undefined ? {} : { file: { path: config, text: await readConfig(deps, config) } }),
    ...(options.dualStack ? { dualStack: true } : {}),
    ...(options.ephemeral ? { ephemeral: true } : {}),
    ...(options.rootless ? { rootless: true } : {}),
    ...(options.publish === undefined ? {} : { publish: parsePublish(options.publish) }),
  }
}

async function readConfig(deps: CliDeps, path: string): Promise<string> {
  try {
    return await deps.readFile(path)
  } catch (cause) {
    throw new UserError('ConfigFile', `${path}: cannot be read`, {
      hint: 'give --config the path of a YAML file',
      cause,
    })
  }
}

/** As in api=7443,https=9443. */
export function parsePublish(text: string): Partial<Ports> {
  const ports: Record<string, number> = {}
  for (const part of text.split(',')) {
    const match = /^(api|http|https)=(\d{1,5})$/.exec(part.trim())
    const port = Number(match?.[2])
    if (!match || port < 1 || port > 65_535)
      throw new UserError('Usage', `--publish ${JSON.stringify(part)} is not understood`, {
        hint: 'write api=PORT, http=PORT, https=PORT, separated by commas',
      })
    ports[match[1]!] = port
  }
  return ports
}
