/** What a namespace's labels ask of its pods. Source: k8s.io/pod-security-admission/api. */
import { invalid } from '../../../schema/field-error.ts'
import type { FieldError } from '../../../schema/kind.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

export interface Standard {
  readonly level: Level
  /** Of Kubernetes 1; absent: the latest. */
  readonly minor?: number
}

export const MODES = ['enforce', 'audit', 'warn'] as const
export type Mode = (typeof MODES)[number]

export interface Policy extends Readonly<Record<Mode, Standard>> {
  readonly errors: readonly FieldError[]
}

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted']

export const standardText = ({ level, minor }: Standard): string =>
  `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`

export const strictness = ({ level }: Standard): number => LEVELS.indexOf(level)

/** A level that nobody knows is restricted where it is enforced, and nothing where it would only be talked about. */
export function policyOf(labels: Readonly<Record<string, string>> | undefined): Policy {
  const errors: FieldError[] = []
  const standards = MODES.map(mode => [mode, standardOf(mode, labels ?? {}, errors)] as const)
  return { ...(Object.fromEntries(standards) as Record<Mode, Standard>), errors }
}

function standardOf(mode: Mode, labels: Readonly<Record<string, string>>, errors: FieldError[]): Standard {
  const wrong = (label: string, value: string, why: string): void =>
    void errors.push(invalid(`metadata.labels[${label}]`, value, why))
  const given = labels[`${PREFIX}${mode}`]
  let level: Level = 'privileged'
  if (given !== undefined) {
    const known = LEVELS.find(one => one === given)
    if (!known) wrong(`${PREFIX}${mode}`, given, `must be one of ${LEVELS.join(', ')}`)
    level = known ?? (mode === 'enforce' ? 'restricted' : 'privileged')
  }
  const version = labels[`${PREFIX}${mode}-version`]
  if (version === undefined || version === 'latest') return { level }
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(version)?.[1]
  if (minor === undefined) wrong(`${PREFIX}${mode}-version`, version, 'must be "latest" or "v1.x"')
  return { level, ...(minor === undefined ? {} : { minor: Number(minor) }) }
}
