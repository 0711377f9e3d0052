/** Writes what k8s.io/apiextensions-apiserver says of the rules in src/schema/cel/check/testdata: `npx tsx test/upstream/rules/record.ts`. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RULES, schemaWith } from '../../../src/schema/cel/check/testing.ts'

const MODULE = 'k8s.io/apiextensions-apiserver'
const VERSION = 'v0.33.13'
const HERE = import.meta.dirname
const TESTDATA = join(HERE, '../../../src/schema/cel/check/testdata')

interface Said {
  readonly field: string
  readonly detail: string
}

const definitionOf = (rule: string): object => ({
  metadata: { name: 'things.example.test' },
  spec: {
    group: 'example.test',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schemaWith(rule) } }],
  },
})

function ask(folder: string): readonly (readonly Said[])[] {
  const go = (...args: string[]): void => {
    execFileSync('go', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  }
  copyFileSync(join(HERE, 'oracle.go'), join(folder, 'main.go'))
  go('mod', 'init', 'oracle')
  go('get', `${MODULE}@${VERSION}`)
  go('mod', 'tidy')
  go('build', '-o', 'oracle', '.')
  const input = JSON.stringify(RULES.map(definitionOf))
  return JSON.parse(execFileSync(join(folder, 'oracle'), { input, maxBuffer: 2 ** 26, encoding: 'utf8' }))
}

/** Paths begin at the schema; names of types are drawn at each check, and so lose their numbers. */
const textOf = ({ field, detail }: Said): string =>
  `${field.replace(/^.*openAPIV3Schema/, 'schema')}: ${detail.replace(/selfType\d+/g, 'selfType')}`

const folder = mkdtempSync(join(tmpdir(), 'fairlead-rules-'))
try {
  const answers = Object.fromEntries(ask(folder).map((said, index) => [RULES[index]!, said.map(textOf)]))
  const source = `${MODULE} ${VERSION}, ValidateCustomResourceDefinition`
  writeFileSync(join(TESTDATA, 'answers.json'), `${JSON.stringify({ source, answers }, undefined, 1)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
