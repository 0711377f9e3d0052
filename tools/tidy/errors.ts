import type { SourceFile } from './source.ts'
import { isTest } from './source.ts'

const RAISED = /new UserError\(\s*'([A-Za-z]+)'/g

/** Codes that the sources raise and the catalogue does not have, and the other way round. */
export function checkErrors(files: readonly SourceFile[], catalogue: string): string[] {
  const raised = new Map(
    files
      .filter(file => !isTest(file.path))
      .flatMap(file => [...file.text.matchAll(RAISED)].map(match => [match[1]!, file.path] as const)),
  )
  const rows = catalogue.split('\n').filter(line => line.startsWith('| `'))
  const listed = new Set(
    rows.flatMap(row => [...row.split('|')[1]!.matchAll(/`([A-Za-z]+)`/g)].map(match => match[1]!)),
  )
  return [
    ...[...raised]
      .filter(([code]) => !listed.has(code))
      .map(([code, path]) => `${path}: the error ${code} is not in docs/reference/errors.md`),
    ...[...listed].filter(code => !raised.has(code)).map(code => `docs/reference/errors.md: nothing raises ${code}`),
  ]
}
