import { describe, expect, test } from 'vitest'
import { checkDoors, checkEffects, parseDoors } from './doors.ts'
import { checkErrors } from './errors.ts'
import { checkCycles, checkDead } from './graph.ts'
import { checkSizes } from './sizes.ts'
import { importsOf, sourceFile } from './source.ts'

const ARCHITECTURE = `
| room | what | may import |
|---|---|---|
| \`lib\` | x | |
| \`host\` | x | lib |
| \`model\` | x | lib |
| \`node\` | x | lib model host |

| pure | may use |
|---|---|
| \`model\` | node:crypto |
`
const doors = parseDoors(ARCHITECTURE)
const file = (path: string, ...lines: string[]) => sourceFile(path, `${lines.join('\n')}\n`)

describe('importsOf', () => {
  test('tells type imports from those that run', () => {
    const imports = importsOf(
      [
        "import { a } from './a.ts'",
        "import type { B } from './b.ts'",
        "import { type C, type D } from './c.ts'",
        'import {',
        '  e,',
        "} from './e.ts'",
        "export { f } from './f.ts'",
        "const g = await import('./g.ts')",
        "import './h.ts'",
      ].join('\n'),
    )
    expect(imports.map(({ specifier, typeOnly }) => [specifier, typeOnly])).toEqual([
      ['./a.ts', false],
      ['./b.ts', true],
      ['./c.ts', true],
      ['./e.ts', false],
      ['./f.ts', false],
      ['./h.ts', false],
      ['./g.ts', false],
    ])
  })
})

describe('doors', () => {
  test('an import through a door passes, one through a wall does not', () => {
    expect(checkDoors([file('src/node/a.ts', "import { x } from '../model/x.ts'")], doors)).toEqual([])
    expect(checkDoors([file('src/model/a.ts', "import { x } from '../node/x.ts'")], doors)).toEqual([
      'src/model/a.ts:1: model may not import node (src/node/x.ts)',
    ])
  })
  test("a host's interface may be imported, the real one may not, but a test may take the fake", () => {
    expect(checkDoors([file('src/node/a.ts', "import type { Nft } from '../host/nft/mod.ts'")], doors)).toEqual([])
    expect(checkDoors([file('src/node/a.ts', "import { x } from '../host/nft/real.ts'")], doors)).toHaveLength(1)
    expect(checkDoors([file('src/node/a.test.ts', "import { x } from '../host/nft/fake.ts'")], doors)).toEqual([])
  })
  test('a pure room may use what its row names and nothing else', () => {
    expect(checkDoors([file('src/model/a.ts', "import { x } from 'node:crypto'")], doors)).toEqual([])
    expect(checkDoors([file('src/model/a.ts', "import { x } from 'node:os'")], doors)).toHaveLength(1)
  })
  test('a room that the table does not know is refused', () => {
    expect(checkDoors([file('src/cellar/a.ts')], doors)).toHaveLength(1)
  })
  test('time, chance, disk and sockets belong to host', () => {
    expect(checkEffects([file('src/host/clock/real.ts', 'Date.now()')], [])).toEqual([])
    expect(checkEffects([file('src/node/a.ts', 'const t = Date.now()')], [])).toHaveLength(1)
    expect(checkEffects([file('src/node/a.ts', "import type { Server } from 'node:net'")], [])).toEqual([])
    expect(checkEffects([file('src/node/a.ts', "import { connect } from 'node:net'")], [])).toHaveLength(1)
  })
})

describe('graph', () => {
  const a = file('src/a.ts', "import { b } from './b.ts'")
  test('a ring of imports is found; one closed by a type import is none', () => {
    expect(checkCycles([a, file('src/b.ts', "import { a } from './a.ts'")], [])).toEqual([
      'import cycle: src/a.ts <-> src/b.ts',
    ])
    expect(checkCycles([a, file('src/b.ts', "import type { a } from './a.ts'")], [])).toEqual([])
  })
  test('a file that nothing reaches is dead', () => {
    expect(checkDead([a, file('src/b.ts'), file('src/c.ts')], ['src/a.ts'])).toEqual([
      'src/c.ts: nothing uses this file',
    ])
  })
})

describe('sizes', () => {
  const big = file('src/big.ts', ...Array<string>(11).fill('x'))
  const limits = { fileLines: 10, folderFiles: 2, exceptions: {} }
  test('a file over the limit is refused, one under it is not', () => {
    expect(checkSizes([big], limits)).toEqual(['src/big.ts: 11 lines, the limit is 10'])
    expect(checkSizes([file('src/small.ts', 'x')], limits)).toEqual([])
  })
  test('an exception holds at its figure, and must go when it is no longer needed', () => {
    expect(checkSizes([big], { ...limits, exceptions: { 'src/big.ts': 11 } })).toEqual([])
    expect(checkSizes([file('src/big.ts', 'x')], { ...limits, exceptions: { 'src/big.ts': 11 } })).toHaveLength(1)
  })
  test('a crowded folder is refused; its tests do not count', () => {
    const files = ['a', 'b', 'c'].map(name => file(`src/d/${name}.ts`))
    expect(checkSizes(files, limits)).toHaveLength(1)
    expect(checkSizes([...files.slice(0, 2), file('src/d/c.test.ts')], limits)).toEqual([])
  })
})

test('every error is in the catalogue, and every entry is raised', () => {
  const raising = file('src/a.ts', "throw new UserError('PortTaken', 'x')")
  expect(checkErrors([raising], '| `PortTaken` | when |')).toEqual([])
  expect(checkErrors([raising], '| `Other` | when |')).toEqual([
    'src/a.ts: the error PortTaken is not in docs/reference/errors.md',
    'docs/reference/errors.md: nothing raises Other',
  ])
})
