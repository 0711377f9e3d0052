import { expect, it } from 'vitest'
import { parseJsonPath } from './json-path.ts'

const OBJECT = {
  spec: { size: 'big', ports: [{ port: 80, name: 'http' }, { port: 443 }], labels: { 'a.b/c': 'x' }, zero: 0 },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Programmed', status: 'False' },
    ],
  },
}

it.each([
  ['.spec.size', ['big']],
  ['spec.size', ['big']],
  ['{.spec.size}', ['big']],
  ['$.spec.size', ['big']],
  ['.spec.none', []],
  ['.spec.size.more', []],
  ['.spec.zero', [0]],
  ['.spec.ports[0].port', [80]],
  ['.spec.ports[-1].port', [443]],
  ['.spec.ports[*].port', [80, 443]],
  ['.spec.ports[*].name', ['http']],
  ["['spec']['size']", ['big']],
  ['.spec.labels.a\\.b/c', ['x']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  ["$.status.conditions[?(@.type == 'Programmed')].status", ['False']],
  ['.spec.ports[?(@.port>100)].port', [443]],
  ['.spec.ports[?(@.name)].port', [80]],
  ['.spec.ports[?(@.port!=80)].port', [443]],
])('%s', (path, expected) => expect(parseJsonPath(path)!(OBJECT)).toEqual(expected))

it.each(['.spec[', '.spec[?(@.a==)]', '.spec[abc]', '..'])('refuses %s', path => {
  expect(parseJsonPath(path)).toBeUndefined()
})
