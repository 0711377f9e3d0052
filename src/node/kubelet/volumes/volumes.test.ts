import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../../host/clock/fake.ts'
import type { FakeFs } from '../../../host/fs/fake.ts'
import { fakeFs } from '../../../host/fs/fake.ts'
import { containerOf, podOf } from '../testing.ts'
import { makeHostPath } from './host-path.ts'
import { inside } from './inside.ts'
import { makeVolumes } from './make.ts'
import { mountsOf } from './mounts.ts'
import type { PayloadFile } from './payload.ts'
import { writePayload } from './payload.ts'

const STATE = '/state'
const where = { node: 'node-1', hostIps: ['172.18.0.11'], podIps: ['10.128.0.3'] }
const file = (path: string, content: string, mode = 0o644): PayloadFile => ({
  path,
  content: Buffer.from(content),
  mode,
})
const text = (fs: FakeFs, path: string): string | undefined => fs.read(path)?.toString()

describe('files of a volume', () => {
  test('change all at once, and what is the same is left alone', () => {
    const fs = fakeFs()
    expect(writePayload(fs, '/v', [file('a', '1'), file('d/b', '2', 0o400)], 'one')).toBe(true)
    expect(fs.list('/v')).toEqual(['..data', '..one', 'a', 'd'])
    expect([text(fs, '/v/a'), text(fs, '/v/d/b'), fs.mode('/v/d/b')]).toEqual(['1', '2', 0o400])
    expect(fs.resolve('/v/a')).toBe('/v/..one/a')
    expect(writePayload(fs, '/v', [file('a', '1'), file('d/b', '2', 0o400)], 'two')).toBe(false)
    expect(writePayload(fs, '/v', [file('a', '3'), file('c', '4')], 'three')).toBe(true)
    expect(fs.list('/v')).toEqual(['..data', '..three', 'a', 'c'])
    expect([text(fs, '/v/a'), text(fs, '/v/c'), text(fs, '/v/d/b')]).toEqual(['3', '4', undefined])
  })

  test('a volume of no files is there', () => {
    const fs = fakeFs()
    expect(writePayload(fs, '/v', [], 'one')).toBe(true)
    expect(writePayload(fs, '/v', [], 'two')).toBe(false)
    expect(fs.list('/v')).toEqual(['..data', '..one'])
  })
})

test('nothing leads out of a folder', () => {
  const fs = fakeFs({ '/top/in/file': 'x', '/secret/key': 'k' })
  fs.symlink('/secret', '/top/out')
  fs.symlink('in', '/top/alias')
  fs.symlink('nowhere', '/top/dangling')
  expect([
    inside(fs, '/top', '/top/in/file'),
    inside(fs, '/top', '/top/alias/file'),
    inside(fs, '/top', '/top/new/folder'),
    inside(fs, '/top', '/top'),
  ]).toEqual(['/top/in/file', '/top/in/file', '/top/new/folder', '/top'])
  for (const path of ['/top/out', '/top/out/key', '/top/out/new', '/top/in/../../secret', '/top/dangling/x'])
    expect(inside(fs, '/top', path), path).toBeUndefined()
})

describe('paths of the node', () => {
  test.each([
    ['/data', '', 'folder'],
    ['/data', 'DirectoryOrCreate', 'folder'],
    ['/data', 'FileOrCreate', 'file'],
    ['/var/log', 'Directory', 'folder'],
  ])('%s as %j is made, among the files of the node', (path, type, kind) => {
    const fs = fakeFs()
    makeHostPath(fs, STATE, path, type)
    expect(fs.kind(`${STATE}/host${path}`)).toBe(kind)
    expect(fs.kind(path)).toBeUndefined()
  })

  test.each([
    ['/data', 'Directory', 'hostPath type check failed: /data is not a directory'],
    ['/data', 'File', 'hostPath type check failed: /data is not a file'],
    ['/run/fairlead/runtime.sock', 'Socket', 'is not a socket file'],
    ['/../../etc', '', "leads out of the node's own files"],
    ['/link/pki', '', "leads out of the node's own files"],
  ])('%s as %j is refused', (path, type, message) => {
    const fs = fakeFs({ '/run/fairlead/runtime.sock': '', '/root/pki': '' })
    fs.symlink('/root', `${STATE}/host/link`)
    expect(() => makeHostPath(fs, STATE, path, type)).toThrow(message)
  })
})

test('a node’s root has the programs of this machine in it, to read; no other path of it has', () => {
  const fs = fakeFs({ '/usr/bin/ip': 'program', '/home/user/secret': 'secret' })
  fs.symlink('usr/bin', '/bin')
  const seen = (path: string) => {
    const volumes = [{ name: 'host', hostPath: { path } }]
    const container = containerOf('main', { volumeMounts: [{ name: 'host', mountPath: '/host' }] })
    makeHostPath(fs, STATE, path, '')
    return mountsOf(fs, STATE, podOf({ spec: { volumes } }), container, {})
  }
  expect(seen('/')).toEqual([
    { source: '/state/host', target: '/host', readOnly: false },
    { source: '/usr', target: '/host/usr', readOnly: true },
  ])
  expect(fs.list('/state/host')).toEqual(expect.arrayContaining(['bin', 'usr']))
  expect(seen('/var/log')).toEqual([{ source: '/state/host/var/log', target: '/host', readOnly: false }])
})

describe('a pod', () => {
  const make = async (fs: FakeFs, spec: Parameters<typeof podOf>[0]) => {
    const pod = podOf(spec)
    const tokens = { get: async () => 'token', renewAtMs: () => undefined, forget: () => {} }
    const sources = {
      configMaps: new Map([['settings', { data: { a: '1' } } as never]]),
      secrets: new Map([['keys', { data: { pass: Buffer.from('s').toString('base64') } } as never]]),
    }
    await makeVolumes({ fs, clock: fakeClock(), tokens }, STATE, pod, sources, where)
    return pod
  }

  test('finds its volumes where its mounts say, what is made of objects read-only', async () => {
    const fs = fakeFs({ '/usr/share/x': '' })
    const pod = await make(fs, {
      spec: {
        volumes: [
          { name: 'empty', emptyDir: {} },
          { name: 'map', configMap: { name: 'settings' } },
          { name: 'host', hostPath: { path: '/data' } },
          { name: 'machine', hostPath: { path: '/usr/share' } },
        ],
      },
    })
    const mount = (name: string, more: object = {}) => ({ name, mountPath: `/${name}`, ...more })
    const container = containerOf('main', {
      volumeMounts: [
        mount('empty', { subPathExpr: 'of/$(NAME)' }),
        mount('map', { subPath: 'a' }),
        mount('host', { readOnly: true }),
        mount('machine'),
      ],
    })
    const mounts = mountsOf(fs, STATE, pod, container, { NAME: 'me' })
    expect(mounts.map(({ source, readOnly }) => [source.replace(/\.\.20[\d_.]+/, '..T'), readOnly])).toEqual([
      ['/state/volumes/u1/empty/of/me', false],
      ['/state/volumes/u1/map/..T/a', true],
      ['/state/host/data', true],
      ['/usr/share', true],
    ])
    expect(fs.mode('/state/volumes/u1/empty')).toBe(0o777)
  })

  test.each([
    [{ name: 'v', mountPath: '/x', subPath: '../..' }, 'leads out of the volume'],
    [{ name: 'v', mountPath: '/x', subPath: 'link' }, 'leads out of the volume'],
    [{ name: 'map', mountPath: '/x', subPath: 'absent' }, '"absent" is not in the volume'],
    [{ name: 'none', mountPath: '/x' }, 'cannot find volume "none"'],
  ])('%j is refused', async (mount, message) => {
    const fs = fakeFs({ '/root/secret': '' })
    const pod = await make(fs, {
      spec: {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'map', configMap: { name: 'settings' } },
        ],
      },
    })
    fs.symlink('/root', '/state/volumes/u1/v/link')
    expect(() => mountsOf(fs, STATE, pod, containerOf('main', { volumeMounts: [mount] }), {})).toThrow(message)
  })

  test('its group owns what it may write, and may read what is its own', async () => {
    const fs = fakeFs()
    await make(fs, {
      spec: {
        securityContext: { fsGroup: 1000650000n as never },
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 's', secret: { secretName: 'keys', defaultMode: 0o400 } },
        ],
      },
    })
    expect([fs.mode('/state/volumes/u1/v'), fs.owner('/state/volumes/u1/v')]).toEqual([0o2777, '0:1000650000'])
    expect([fs.mode('/state/volumes/u1/s/pass'), fs.owner('/state/volumes/u1/s/pass')]).toEqual([0o440, '0:1000650000'])
  })
})
