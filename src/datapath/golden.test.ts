import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cidr } from '../lib/cidr.ts'
import { print } from '../wire/nft/command.ts'
import { linkFacts } from './links.ts'
import { createProgram } from './program.ts'
import { foundation, hooks, TABLE } from './skeleton.ts'
import { entryLines, OPTIONS, readState, SKELETON } from './testing.ts'

const FOLDER = join(import.meta.dirname, 'testdata')
const cases = readdirSync(FOLDER)
  .filter(file => file.endsWith('.in.yaml'))
  .map(file => file.slice(0, -'.in.yaml'.length))

/** The text that was agreed on; UPDATE_GOLDEN=1 writes it anew, for the diff to be read. */
function golden(file: string, actual: string): string {
  const path = join(FOLDER, file)
  if (process.env.UPDATE_GOLDEN || !existsSync(path)) writeFileSync(path, actual)
  return readFileSync(path, 'utf8')
}

/** As node-1 sees it: elements, leaf chains, and what is done to links. */
test.each(cases)('%s', name => {
  const { nodes, changes } = readState(readFileSync(join(FOLDER, `${name}.in.yaml`), 'utf8'), 'node-1')
  const program = createProgram(SKELETON)
  program.update(changes)
  program.setNodes(nodes.flatMap(({ addresses }) => addresses))
  const isFoundation = new Set(foundation(SKELETON).map(command => print(TABLE, command)))
  const chains = program
    .base()
    .map(command => print(TABLE, command))
    .filter(line => !isFoundation.has(line) && !line.startsWith('flush'))
  const self = nodes.find(node => node.name === 'node-1')
  const others = nodes.filter(node => node !== self)
  const steps = self ? linkFacts(OPTIONS, { self, others }).flatMap(({ make }) => make) : []
  const text = [...entryLines(program), '', ...chains, '', ...steps.map(step => JSON.stringify(step)), ''].join('\n')
  expect(text).toBe(golden(`${name}.out.txt`, text))
})

test('the skeleton', () => {
  const text = [...foundation(SKELETON), ...hooks(SKELETON)].map(command => `${print(TABLE, command)}\n`).join('')
  expect(text).toBe(golden('skeleton.out.nft', text))
})

test('the skeleton of a dual-stack cluster without tunnel', () => {
  const { joinNetworks: _, ...options } = SKELETON
  const dual = {
    ...options,
    transport: 'host-gw' as const,
    clusterNetworks: [...options.clusterNetworks, { cidr: cidr('fd01::/48'), hostPrefix: 64 }],
    serviceNetworks: [...options.serviceNetworks, cidr('fd02::/112')],
    sourceAddresses: [],
  }
  const text = [...foundation(dual), ...hooks(dual)].map(command => `${print(TABLE, command)}\n`).join('')
  expect(text).toBe(golden('skeleton-dual.out.nft', text))
})

test("the skeleton where pods are another network's", () => {
  const { joinNetworks: _, ...options } = SKELETON
  const alone = { ...options, transport: 'none' as const, sourceAddresses: [] }
  const text = [...foundation(alone), ...hooks(alone)].map(command => `${print(TABLE, command)}\n`).join('')
  expect(text).toBe(golden('skeleton-proxy.out.nft', text))
})
