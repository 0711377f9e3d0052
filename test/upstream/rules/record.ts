/** Writes what Kubernetes says of rules, policies and webhooks beside the code that says the same: `npx tsx test/upstream/rules/record.ts`. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CASES } from '../../../src/api/admissionregistration/testing.ts'
import { RULES, schemaWith, withoutLimits } from '../../../src/schema/cel/check/testing.ts'

const VERSION = 'v1.33.13'
const MODULES = VERSION.replace('v1', 'v0')
const HERE = import.meta.dirname
const SRC = join(HERE, '../../../src')

interface Answer {
  readonly said: readonly { readonly field: string; readonly detail: string }[]
  /** Of the rule of a definition. */
  readonly cost?: number
}

const go = (folder: string, ...args: string[]): string =>
  execFileSync('go', args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })

/** What stands in the staging folder of k8s.io/kubernetes is a module of its own elsewhere. */
function goMod(folder: string): string {
  const { GoMod } = JSON.parse(go(folder, 'mod', 'download', '-json', `k8s.io/kubernetes@${VERSION}`)) as {
    readonly GoMod: string
  }
  const text = readFileSync(GoMod, 'utf8')
  const staged = [...text.matchAll(/(k8s\.io\/[a-z-]+) => \.\/staging/g)].map(
    ([, name]) => `\t${name} => ${name} ${MODULES}`,
  )
  const language = text.split('\n').filter(line => /^(go |godebug default)/.test(line))
  return [
    'module oracle',
    ...language,
    `require k8s.io/kubernetes ${VERSION}`,
    `replace (\n${staged.join('\n')}\n)`,
    '',
  ].join('\n\n')
}

/** Answers to inputs, in their order, of a Go program of this folder. */
function ask(program: string, inputs: readonly object[]): readonly Answer[] {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-rules-'))
  try {
    copyFileSync(join(HERE, program), join(folder, 'main.go'))
    writeFileSync(join(folder, 'go.mod'), goMod(folder))
    // Some packages of tests cannot be had; nothing here needs them.
    go(folder, 'mod', 'tidy', '-e')
    go(folder, 'build', '-o', 'oracle', '.')
    const options = { input: JSON.stringify(inputs), maxBuffer: 2 ** 26, encoding: 'utf8' } as const
    return JSON.parse(execFileSync(join(folder, 'oracle'), options))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Paths in schemas begin at the schema; names of types are drawn at each check, and so lose their numbers. */
const textsOf = ({ said }: Answer): readonly string[] =>
  said.map(
    ({ field, detail }) =>
      `${field.replace(/^.*openAPIV3Schema/, 'schema')}: ${detail.replace(/selfType\d+/g, 'selfType')}`,
  )

function write(program: string, where: string, answers: object): void {
  const source = `the validation of Kubernetes ${VERSION}, by test/upstream/rules/${program}`
  writeFileSync(join(SRC, where, 'testdata/answers.json'), `${JSON.stringify({ source, ...answers }, undefined, 1)}\n`)
}

const definitionOf = (schema: object): object => ({
  metadata: { name: 'things.example.test' },
  spec: {
    group: 'example.test',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
})

function recordRules(): void {
  const schemas = RULES.map(schemaWith)
  const said = ask('definitions.go', [...schemas, ...schemas.map(withoutLimits)].map(definitionOf))
  const answers = RULES.map((rule, index) => {
    const [limited, unlimited] = [said[index]!, said[index + RULES.length]!]
    const each = { costs: [limited.cost, unlimited.cost], limited: textsOf(limited), unlimited: textsOf(unlimited) }
    return [rule, each] as const
  })
  write('definitions.go', 'schema/cel/check', { answers: Object.fromEntries(answers) })
}

function recordAdmission(): void {
  const said = ask('admission.go', Object.values(CASES))
  const answers = Object.keys(CASES).map((name, index) => [name, textsOf(said[index]!)] as const)
  write('admission.go', 'api/admissionregistration', { answers: Object.fromEntries(answers) })
}

recordRules()
recordAdmission()
