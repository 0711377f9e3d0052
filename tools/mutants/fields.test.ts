/** The table of fields has no gap, no field that is not there, and names tests that exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { IngressController } from '../../src/api/operator/ingress-controller.ts'
import { Route } from '../../src/api/route/route.ts'
import { ROUTE_ANNOTATIONS } from '../../src/model/routes/annotations.ts'
import type { FieldType, Message } from '../../src/schema/field.ts'
import { ANNOTATIONS, INGRESS_CONTROLLER, ROUTE, type Row } from '../../test/fields/ingress.ts'
import { ROOT } from './plugin.ts'

/** Types of Kubernetes, which are not ours to divide. */
const WHOLE = /\.(LabelSelector|Toleration|OperatorCondition|LocalObjectReference)$/

function leaves({ fields }: Message, path: string): readonly string[] {
  return Object.entries(fields).flatMap(([name, { type, options }]) => {
    const at = options.inline ? path : `${path}.${name}`
    const message = messageOf(type)
    return message && !WHOLE.test(message.name) && Object.keys(message.fields).length > 0 ? leaves(message, at) : [at]
  })
}

const messageOf = (type: FieldType): Message | undefined =>
  type.is === 'message' ? type.message() : type.is === 'scalar' ? undefined : messageOf(type.of)

const fieldsOf = ({ schema }: { readonly schema: Message }): readonly string[] =>
  ['spec', 'status'].flatMap(name => leaves(messageOf(schema.fields[name]!.type)!, name))

const covers = (pattern: string, field: string): boolean =>
  pattern.endsWith('.*') ? field.startsWith(pattern.slice(0, -1)) : field === pattern

describe.each<[string, readonly string[], readonly Row[]]>([
  ['Route', fieldsOf(Route), ROUTE],
  ['IngressController', fieldsOf(IngressController), INGRESS_CONTROLLER],
  ['annotations of Routes', ROUTE_ANNOTATIONS, ANNOTATIONS],
])('%s', (_, fields, rows) => {
  const patterns = rows.flatMap(row => row.fields)
  test('every field has a row, and every row a field', () => {
    expect(fields.filter(field => !patterns.some(pattern => covers(pattern, field)))).toEqual([])
    expect(patterns.filter(pattern => !fields.some(field => covers(pattern, field)))).toEqual([])
  })
  test('the tests are there', () => {
    for (const { fields: named, tests } of rows) {
      expect(tests.length, named.join()).toBeGreaterThan(0)
      for (const [file, title] of tests) expect(readFileSync(join(ROOT, file), 'utf8'), named.join()).toContain(title)
    }
  })
})
