import { dirname } from 'node:path'
import type { SourceFile } from './source.ts'
import { isTest } from './source.ts'

export interface Limits {
  readonly fileLines: number
  readonly folderFiles: number
  /** Paths over a limit and the figure they may not exceed. May only shrink: an entry that is no longer needed is an error. */
  readonly exceptions: Readonly<Record<string, number>>
}

export function checkSizes(files: readonly SourceFile[], limits: Limits): string[] {
  const sizes = [...fileSizes(files, limits.fileLines), ...folderSizes(files, limits.folderFiles)]
  const over = sizes.filter(({ path, size, limit }) => size > Math.max(limit, limits.exceptions[path] ?? 0))
  const needless = Object.keys(limits.exceptions).filter(
    path => !sizes.some(entry => entry.path === path && entry.size > entry.limit),
  )
  return [
    ...over.map(
      ({ path, size, limit, unit }) => `${path}: ${size} ${unit}, the limit is ${limits.exceptions[path] ?? limit}`,
    ),
    ...needless.map(path => `${path}: no longer needs its exception; take it off the list`),
  ]
}

interface Size {
  readonly path: string
  readonly size: number
  readonly limit: number
  readonly unit: string
}

const fileSizes = (files: readonly SourceFile[], limit: number): Size[] =>
  files.map(file => ({ path: file.path, size: file.text.split('\n').length - 1, limit, unit: 'lines' }))

function folderSizes(files: readonly SourceFile[], limit: number): Size[] {
  const counts = new Map<string, number>()
  for (const file of files.filter(({ path }) => !isTest(path)))
    counts.set(dirname(file.path), (counts.get(dirname(file.path)) ?? 0) + 1)
  return [...counts].map(([path, size]) => ({ path, size, limit, unit: 'source files in one folder' }))
}
