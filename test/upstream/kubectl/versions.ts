import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { KUBECTL } from '../../../tools/kubectl.ts'

export const GOLDEN = join(import.meta.dirname, 'golden')

export interface KubectlVersion {
  /** For example 1.33. */
  readonly minor: string
  readonly path: string
  /** As it tells it. */
  readonly version: string
}

const ask = (path: string): KubectlVersion | undefined => {
  const { status, stdout } = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { minor: string; gitVersion: string } }
  return { minor: `1.${Number.parseInt(clientVersion.minor, 10)}`, path, version: clientVersion.gitVersion }
}

/** Those of a Google Cloud SDK, else the one the other tests use. */
export const VERSIONS: readonly KubectlVersion[] = (() => {
  const installed = ['1.33', '1.30', '1.27']
    .map(minor => `/usr/lib/google-cloud-sdk/bin/kubectl.${minor}`)
    .filter(path => existsSync(path))
  return (installed.length > 0 ? installed : [KUBECTL]).flatMap(path => ask(path) ?? [])
})()

/** Those whose transcripts are there. */
export const RECORDED: readonly KubectlVersion[] = VERSIONS.filter(({ minor }) => existsSync(join(GOLDEN, minor)))

/** What needs the whole server for itself, after all others. */
const ALONE = ['nodes']

/** The newest kubectl plays everything, older ones what depends on the client most; FAIRLEAD_UPSTREAM=all plays all with each. */
const ESSENTIAL = ['apply', 'apply-server', 'create', 'patch', 'set']

export const scenariosOf = (minor: string, all: readonly string[]): readonly string[] =>
  minor === RECORDED[0]?.minor || process.env.FAIRLEAD_UPSTREAM === 'all'
    ? all
    : all.filter(scenario => ESSENTIAL.includes(scenario))

/** Scenarios in parallel, a few at a time: kubectl is what takes the time. */
export async function sideBySide(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const waiting = names.filter(name => !ALONE.includes(name))
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await work(name)
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  for (const name of names.filter(each => ALONE.includes(each))) await work(name)
}
