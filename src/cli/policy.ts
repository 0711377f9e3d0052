import { UserError } from '../lib/errors.ts'
import type { PolicyReport, ReportEntry } from '../node/network/policy/report.ts'
import type { TwinControl } from '../twin/mod.ts'
import { askAgent } from './agent.ts'
import type { CliDeps, NamedOption } from './deps.ts'
import { table } from './table.ts'

export interface PolicyOptions extends NamedOption {
  readonly json?: boolean
}

/**
 * Which generation of each policy is in force on each node, and how long that took after the node had heard of it. The
 * exit code is 1 when something is not in force, or a node does not answer.
 */
export async function policy(deps: CliDeps, action: string, options: PolicyOptions): Promise<number> {
  if (action !== 'status')
    throw new UserError('Usage', `there is no policy ${action}`, { hint: './fairlead policy status' })
  const control = await deps.twins.control(options.name)
  try {
    const { nodes } = await control.status()
    const reports = await Promise.all(nodes.map(({ name }) => ask(control, name)))
    if (options.json) deps.out(`${JSON.stringify(reports, undefined, 2)}\n`)
    else deps.out(text(reports))
    return reports.every(report => report.error === undefined && report.entries.every(isInForce)) ? 0 : 1
  } finally {
    control.close()
  }
}

/** Of the node's agent; what keeps it from answering is its error. */
async function ask(control: TwinControl, node: string): Promise<PolicyReport> {
  const said = await askAgent<PolicyReport>(control, node, '/policy')
  return 'answer' in said ? said.answer : { node, entries: [], error: said.error }
}

const isInForce = ({ generation, enforced }: ReportEntry): boolean => generation === enforced

function text(reports: readonly PolicyReport[]): string {
  const rows = reports.flatMap(({ node, entries }) =>
    entries
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      .map(entry => [
        keyOf(entry),
        node,
        String(entry.generation),
        entry.enforced === undefined ? '-' : String(entry.enforced),
        entry.tookMs === undefined ? '-' : `${entry.tookMs.toFixed(1)} ms`,
      ]),
  )
  const errors = reports.flatMap(({ node, error }) => (error === undefined ? [] : [`${node}: ${error}\n`]))
  if (rows.length === 0) return `there are no policies\n${errors.join('')}`
  return table([['POLICY', 'NODE', 'GENERATION', 'ENFORCED', 'TOOK'], ...rows]) + errors.join('')
}

const keyOf = ({ kind, namespace, name }: ReportEntry): string =>
  `${kind.toLowerCase()}/${namespace === undefined ? '' : `${namespace}/`}${name}`
