import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FieldError } from '../../schema/kind.ts'
import { policyErrors } from './policy-rules.ts'
import { CASES } from './testing.ts'
import { webhookErrors } from './webhook-rules.ts'

const { answers } = JSON.parse(readFileSync(join(import.meta.dirname, 'testdata', 'answers.json'), 'utf8')) as {
  readonly answers: Readonly<Record<string, readonly string[]>>
}

it.each(Object.entries(CASES))('%s', (name, object) => {
  const errorsOf = ('spec' in object ? policyErrors : webhookErrors) as (given: object) => readonly FieldError[]
  expect(errorsOf(object).map(({ field, detail }) => `${field}: ${detail}`)).toEqual(answers[name])
})
