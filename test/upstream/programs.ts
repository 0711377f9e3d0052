import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SOURCES = join(import.meta.dirname, 'clients')

/** What is built from upstream's modules: CoreDNS, two controllers, Helm, cert-manager and an ACME server to test it with, grpc-go. */
export const PROGRAMS = ['coredns', 'controller', 'manager', 'helm', 'certmanager', 'pebble', 'grpc'] as const
export type Program = (typeof PROGRAMS)[number]

/** Why they cannot be built here; undefined where they can. */
export const goProblem = (): string | undefined =>
  spawnSync('go', ['version']).status === 0 ? undefined : 'there is no Go on this machine'

/** Outlives a test run: a warm one builds nothing. */
const FOLDER = join(tmpdir(), `fairlead-go-${process.getuid?.() ?? 0}`)
const MODULES = join(FOLDER, 'mod')

function files(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .flatMap(name => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? files(path) : [path]
    })
}

/** A folder for what these very sources make. */
function binaries(): string {
  const hash = createHash('sha256')
  for (const file of files(SOURCES)) hash.update(readFileSync(file))
  return join(FOLDER, `bin-${hash.digest('hex').slice(0, 12)}`)
}

export const programPath = (name: Program): string => join(binaries(), name)

/** The folder of a module that they are made of, with its manifests. Its name has no capital letters. */
export function moduleFolder(name: string): string {
  const version = new RegExp(`^\\s${name} (\\S+)`, 'm').exec(readFileSync(join(SOURCES, 'go.mod'), 'utf8'))?.[1]
  return join(MODULES, `${name}@${version}`)
}

/** Builds what is missing; takes minutes and needs a network the first time. Throws where Go fails. */
export function buildPrograms(): void {
  if (PROGRAMS.every(name => existsSync(programPath(name)))) return
  const cache = {
    GOCACHE: join(FOLDER, 'build'),
    GOMODCACHE: MODULES,
    GOFLAGS: '-modcacherw -buildvcs=false',
  }
  const own = ['./coredns', './controller', './manager', './certmanager', './grpc']
  const packages = [...own, 'helm.sh/helm/v4/cmd/helm', 'github.com/letsencrypt/pebble/v2/cmd/pebble']
  const { status } = spawnSync(
    'nice',
    ['-n', '19', 'go', 'build', '-ldflags', '-s -w', '-o', `${binaries()}/`, ...packages],
    { cwd: SOURCES, env: { ...process.env, ...cache }, stdio: 'inherit' },
  )
  if (status !== 0) throw new Error(`go build ended with ${status}`)
}
