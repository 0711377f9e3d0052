import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Message } from '../schema/field.ts'
import type { ApiObject, Kind } from '../schema/kind.ts'
import { KINDS, VIRTUAL_KINDS } from './registry.ts'

const ALL: readonly Kind[] = [...KINDS, ...VIRTUAL_KINDS]

/** Every message a kind refers to, itself included. */
function messagesOf(root: Message, found = new Set<Message>()): ReadonlySet<Message> {
  if (found.has(root)) return found
  found.add(root)
  for (const { type } of Object.values(root.fields)) {
    let inner = type
    while (inner.is === 'list' || inner.is === 'map') inner = inner.of
    if (inner.is === 'message') messagesOf(inner.message(), found)
  }
  return found
}
const MESSAGES = new Set(ALL.flatMap(kind => [...messagesOf(kind.schema)]))

describe('the registry', () => {
  it('names every kind and resource once', () => {
    const kinds = ALL.map(kind => `${kind.group}/${kind.kind}`)
    const resources = ALL.map(kind => `${kind.group}/${kind.plural}`)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(new Set(resources).size).toBe(resources.length)
  })

  it('has no short name twice, nor one that is another kind', () => {
    // Events have two groups.
    const names = KINDS.filter(({ group }) => group !== 'events.k8s.io').flatMap(kind => kind.shortNames)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter(name => KINDS.some(kind => kind.plural === name || kind.singular === name))).toEqual([])
  })
})

describe.each(KINDS.map(kind => [`${kind.plural}.${kind.group}`, kind] as const))('%s', (_, kind) => {
  it('has columns, of which one is the name', () => {
    expect(kind.columns.map(column => column.name)).toContain('Name')
    for (const column of kind.columns) expect(column.description).toMatch(/\.$/)
  })

  it('shows an object that says nothing', () => {
    const bare = { apiVersion: '', kind: kind.kind, metadata: { name: 'bare', uid: '', resourceVersion: '' }, ...least }
    for (const column of kind.columns)
      expect(() => column.cell(bare as unknown as ApiObject, 0), column.name).not.toThrow()
    for (const select of Object.values(kind.selectable))
      expect(typeof select(bare as unknown as ApiObject)).toBe('string')
  })
})

/** What decoding and defaults give every object that needs it. */
const least = {
  spec: { containers: [], template: {}, selector: {}, podSelector: {}, to: { kind: 'Service', name: '' } },
  involvedObject: {},
  roleRef: { kind: 'Role', name: 'r', apiGroup: '' },
  endpoints: [],
  addressType: 'IPv4',
}

describe.each([...MESSAGES].map(message => [message.name, message] as const))('%s', (_, message) => {
  const fields = Object.entries(message.fields)

  it('says what it and each field is for', () => {
    expect(message.doc).not.toBe('')
    for (const [name, field] of fields) if (!field.options.inline) expect(field.doc, name).toMatch(/[^ ]\.$/)
  })

  it('uses no tag twice', () => {
    const tags = fields.map(([, field]) => field.tag).filter(tag => tag > 0)
    expect(new Set(tags).size).toBe(tags.length)
  })
})

it('no two messages share a name', () => {
  const names = [...MESSAGES].map(message => message.name)
  expect(new Set(names).size).toBe(names.length)
})

/** How lists, maps and structs merge: facts of the upstream API, compared with k8s.io/api v0.32 and openshift/api. */
it('merges what upstream merges, by the same keys', () => {
  const facts = [...MESSAGES].flatMap(message => [
    ...(message.atomic ? [`${message.name} atomic`] : []),
    ...Object.entries(message.fields).flatMap(([name, { options }]) => {
      const keys = options.listKeys ? `(${options.listKeys.join('+')})` : ''
      const parts = [
        options.listType ? options.listType + keys : '',
        options.patchKey ? `patch(${options.patchKey})` : '',
        options.patchStrategy ? `strategy(${options.patchStrategy})` : '',
        options.atomic ? 'atomic' : '',
      ].filter(part => part !== '')
      return parts.length === 0 ? [] : [`${message.name}.${name} ${parts.join(' ')}`]
    }),
  ])
  const golden = readFileSync(new URL('./testdata/merge-keys.txt', import.meta.url), 'utf8')
  expect(facts.sort()).toEqual(golden.trimEnd().split('\n'))
})
