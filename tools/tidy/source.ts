import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export interface Import {
  readonly specifier: string
  /** Erased by the compiler: it cannot make a cycle that runs. */
  readonly typeOnly: boolean
  readonly line: number
}

export interface SourceFile {
  /** From the repository's root, as in src/lib/ip.ts. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

const STATEMENT = /^[ \t]*(import|export)\s+(type\s+)?(?:[^'"`;()]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Imports as the text shows them; `import { type A, type B }` counts as a type import when every name is one. */
export function importsOf(text: string): Import[] {
  const lineAt = (index: number): number => text.slice(0, index).split('\n').length
  const found: Import[] = []
  for (const match of text.matchAll(STATEMENT)) {
    const names = /\{([^}]*)\}/.exec(match[0])?.[1]
    const allTypes = names?.trim()
      ? names.split(',').every(name => name.trim() === '' || name.trim().startsWith('type '))
      : false
    found.push({ specifier: match[3]!, typeOnly: Boolean(match[2]) || allTypes, line: lineAt(match.index) })
  }
  for (const match of text.matchAll(DYNAMIC))
    found.push({ specifier: match[1]!, typeOnly: false, line: lineAt(match.index) })
  return found
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, imports: importsOf(text) }
}

/** Every .ts file below the folders, sorted. */
export function readTree(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap(folder => walk(root, folder))
    .filter(path => path.endsWith('.ts'))
    .sort()
    .map(path => sourceFile(path, readFileSync(join(root, path), 'utf8')))
}

function walk(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? walk(root, join(folder, entry.name)) : [join(folder, entry.name)],
  )
}

/** The repository path that a relative import means, or undefined for a package. */
export const targetOf = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : undefined

export const isTest = (path: string): boolean =>
  /\.test\.ts$|(^|\/)(testing|conformance|golden)\b|testdata\//.test(path)
