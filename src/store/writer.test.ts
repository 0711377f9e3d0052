import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { put } from './conformance.ts'
import { createStore } from './engine.ts'

/** A store whose commits take until they are released. */
function heldStore(blocks: boolean) {
  const commits: (readonly string[])[] = []
  let release = (): void => {}
  const commit = (batch: readonly { readonly key: string }[]): Promise<void> => {
    commits.push(batch.map(({ key }) => key))
    return new Promise(resolve => {
      release = resolve
    })
  }
  const backing = { commit, close: async () => {}, blocks: () => blocks }
  const store = createStore(backing, { versions: [], revision: 1 })
  const create = (key: string) => store.write({ op: 'create', key, encode: put(key) })
  return { commits, create, release: () => release() }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

it('commits writes of one turn together, and begins the next commit with what came meanwhile', async () => {
  const { commits, create, release } = heldStore(false)
  const first = Promise.all([create('a'), create('b')])
  await turns(2)
  expect(commits).toEqual([['a', 'b']])
  const later = [create('c')]
  await turns(3)
  later.push(create('d'))
  release()
  await first
  // No turn has passed since.
  expect(commits).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
  release()
  expect(await Promise.all(later)).toHaveLength(2)
})

it('waits while every turn brings more, where a commit would hold them up', async () => {
  const { commits, create, release } = heldStore(true)
  const bringMore = async (): Promise<readonly unknown[]> => {
    const writes = []
    for (const key of ['b', 'c']) {
      await turn()
      expect(commits).toEqual([])
      writes.push(create(key))
    }
    await turns(3)
    expect(commits).toEqual([['a', 'b', 'c']])
    release()
    return Promise.all(writes)
  }
  const more = bringMore()
  await create('a')
  expect(await more).toHaveLength(2)
})
