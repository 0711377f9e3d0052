import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Twin } from './harness.ts'
import { must, startTwin } from './harness.ts'

const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-snapshot-'))
afterAll(() => rmSync(dataHome, { recursive: true, force: true }))
const file = join(dataHome, 'objects.snapshot')

interface Objects {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string } }[]
}
const KINDS = 'configmaps,services,namespaces,nodes,routes,serviceaccounts,clusterroles'
const uids = async (twin: Twin): Promise<readonly string[]> => {
  const { items } = JSON.parse(await twin.kubectl('get', KINDS, '-A', '-o', 'json')) as Objects
  return items.map(({ metadata }) => metadata.uid).sort()
}

it('keeps all objects with their uids, of a twin that runs, and puts them back, also where nothing is left', async () => {
  const twin = await startTwin({ name: 'snap', dataHome })
  try {
    await twin.kubectl('create', 'namespace', 'kept')
    await twin.kubectl('-n', 'kept', 'create', 'configmap', 'a', '--from-literal=k=before')
    await twin.fairlead('wait')
    const before = await uids(twin)
    const saved = await twin.fairlead('snapshot', 'save', file)
    expect([saved.code, saved.stderr]).toEqual([0, ''])
    await twin.kubectl('-n', 'kept', 'create', 'configmap', 'later')
    await twin.kubectl('-n', 'kept', 'patch', 'configmap', 'a', '-p', '{"data":{"k":"after"}}')
    const list = JSON.parse(await twin.kubectl('get', '--raw', '/api/v1/configmaps')) as Objects

    const refused = await twin.fairlead('snapshot', 'restore', file)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('runs')])
    expect(await twin.kubectl('-n', 'kept', 'get', 'configmap', 'later', '-o', 'name')).toContain('later')

    await twin.fairlead('down')
    const damaged = join(dataHome, 'damaged')
    copyFileSync(file, damaged)
    writeFileSync(damaged, readFileSync(file).fill(1, 5000, 5010))
    expect(await twin.fairlead('snapshot', 'restore', damaged)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is no snapshot that can be restored'),
    })
    expect((await twin.fairlead('snapshot', 'restore', file)).code).toBe(0)
    await must('./fairlead', ['up', '--name', 'snap'], { env: twin.env })
    expect((await uids(twin)).filter(uid => before.includes(uid))).toEqual(before)
    const config = async () => twin.kubectl('-n', 'kept', 'get', 'configmap', '-o', 'jsonpath={.items[*].data.k}')
    expect(await config()).toContain('before')
    expect((await twin.tryKubectl(['-n', 'kept', 'get', 'configmap', 'later'])).code).toBe(1)
    // Whoever watched before is told to list again.
    const watch = `/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion=${list.metadata.resourceVersion}`
    expect(await twin.kubectl('get', '--raw', watch)).toContain('"code":410')

    await twin.fairlead('down', '--forget')
    expect((await twin.fairlead('snapshot', 'restore', file)).code).toBe(0)
    await must('./fairlead', ['up', '--name', 'snap'], { env: twin.env })
    expect((await uids(twin)).filter(uid => before.includes(uid))).toEqual(before)
    expect(await config()).toContain('before')
  } finally {
    await twin.down()
  }
})
