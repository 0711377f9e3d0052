import type { TwinStatus } from '../twin/mod.ts'
import type { CliDeps, NamedOption } from './deps.ts'
import { table } from './table.ts'

/** What runs where. With --json the whole answer; without a running twin, the twins there are. */
export async function status(
  deps: CliDeps,
  options: NamedOption & { readonly json?: boolean; readonly all?: boolean },
): Promise<number> {
  if (options.all) return list(deps)
  const control = await deps.twins.control(options.name)
  try {
    const state = await control.status()
    deps.out(options.json ? `${JSON.stringify(state, undefined, 2)}\n` : describe(state))
    return state.roles.every(role => role.state === 'running' || role.state === 'stopped') ? 0 : 1
  } finally {
    control.close()
  }
}

async function list(deps: CliDeps): Promise<number> {
  const twins = await deps.twins.list()
  const rows = twins.map(({ name, state }) => [
    name,
    state ? 'running' : 'down',
    state ? String(state.ports.api) : '-',
    state ? `${state.ports.http},${state.ports.https}` : '-',
  ])
  deps.out(table([['TWIN', 'STATE', 'API', 'FRONT DOOR'], ...rows]))
  return 0
}

const both = ({ address, address6 }: { readonly address: string; readonly address6?: string }): string =>
  address6 === undefined ? address : `${address} ${address6}`

function describe(state: TwinStatus): string {
  const roles = state.roles.map(role => [
    role.name,
    role.state,
    String(role.restarts),
    role.pid === undefined ? '-' : String(role.pid),
    role.progress ? role.progress.busy.join(',') || 'settled' : '-',
  ])
  const places = [
    ...state.nodes.map(node => [node.name, both(node), `link ${node.link}`]),
    ...state.outside.map(host => [host.name, both(host), host.is]),
  ]
  const minutes = Math.floor(state.uptimeMs / 60_000)
  return [
    `twin ${state.name} (${state.profile}), up ${minutes} min; API 127.0.0.1:${state.ports.api}, front door 127.0.0.1:${state.ports.http} and :${state.ports.https}\n`,
    table([['ROLE', 'STATE', 'RESTARTS', 'PID', 'WORK'], ...roles]),
    table([['HOST', 'ADDRESS', ''], ...places]),
  ].join('\n')
}
