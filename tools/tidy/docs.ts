import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Documents that must exist, with the most lines each may have. */
const DOCUMENTS: Readonly<Record<string, number>> = {
  'README.md': 120,
  'ARCHITECTURE.md': 400,
  'CONTRIBUTING.md': 250,
  'CHANGELOG.md': 1000,
  LICENSE: 250,
  'docs/divergences.md': 400,
}

export function checkDocs(root: string, rooms: readonly string[]): string[] {
  const missing = [
    ...Object.keys(DOCUMENTS),
    ...rooms.filter(room => existsSync(join(root, 'src', room))).map(room => `src/${room}/README.md`),
  ]
    .filter(path => !existsSync(join(root, path)))
    .map(path => `${path}: missing`)
  const long = Object.entries(DOCUMENTS).flatMap(([path, limit]) => {
    if (!existsSync(join(root, path))) return []
    const lines = readFileSync(join(root, path), 'utf8').split('\n').length - 1
    return lines > limit ? [`${path}: ${lines} lines, the limit is ${limit}`] : []
  })
  return [...missing, ...long, ...brokenLinks(root)]
}

/** Relative links of the documents at the root and in docs/ that lead nowhere. */
function brokenLinks(root: string): string[] {
  return Object.keys(DOCUMENTS)
    .filter(path => path.endsWith('.md') && existsSync(join(root, path)))
    .flatMap(path => {
      const text = readFileSync(join(root, path), 'utf8')
      return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)/g)]
        .map(match => match[1]!)
        .filter(link => !existsSync(join(root, path, '..', link)))
        .map(link => `${path}: the link ${link} leads nowhere`)
    })
}
