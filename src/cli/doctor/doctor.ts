import type { Finding, Probe } from './checks.ts'
import { CHECKS } from './checks.ts'

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const

/** One line a finding, and below it what to do; the last line sums up. */
export function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(finding => finding.name.length))
  const lines = findings.flatMap(({ name, state, text, remedy }) => [
    `${MARKS[state]}  ${name.padEnd(width)}  ${text}`,
    ...(remedy ? [`      ${' '.repeat(width)}  -> ${remedy}`] : []),
  ])
  const failed = findings.filter(finding => finding.state === 'fail').length
  const summary =
    failed === 0 ? 'This machine can run Fairlead.' : `${failed} thing${failed === 1 ? '' : 's'} to mend first.`
  return `${[...lines, '', summary].join('\n')}\n`
}

/** Examines the machine; the exit code is 1 when something fails that `up` needs. */
export async function doctor(probe: Probe, print: (text: string) => void): Promise<number> {
  const findings = (await Promise.all(CHECKS.map(check => check(probe)))).flat()
  print(report(findings))
  return findings.some(finding => finding.state === 'fail') ? 1 : 0
}
