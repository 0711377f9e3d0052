import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** Whether this machine can fetch Go modules: other projects' definitions and examples come as such. */
export const hasGo = ((): boolean => {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** The folder of a module, `path@version`, fetched once into a cache of our own. Throws where it cannot be had. */
export function goModule(module: string): string {
  const env = { ...process.env, GOMODCACHE: join(tmpdir(), 'fairlead-go-modules'), GOFLAGS: '-modcacherw' }
  const options = { env, cwd: tmpdir(), encoding: 'utf8', maxBuffer: 1 << 24 } as const
  return JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], options)).Dir
}

export interface Manifest {
  readonly file: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into objects of every shape
  readonly object: any
}

/** Every object of a file, or of the YAML files below a folder, in the order of names; templates of objects are left out. */
export function manifestsIn(path: string): readonly Manifest[] {
  const files = path.endsWith('.yaml')
    ? [path]
    : readdirSync(path, { recursive: true, encoding: 'utf8' })
        .filter(name => name.endsWith('.yaml'))
        .sort()
        .map(name => join(path, name))
  return files.flatMap(file => {
    const text = readFileSync(file, 'utf8')
    return text.includes('{{') ? [] : parseAllDocuments(text).flatMap(document => manifestOf(file, document.toJS()))
  })
}

const manifestOf = (file: string, object: Manifest['object']): readonly Manifest[] =>
  object?.kind ? [{ file, object }] : []
