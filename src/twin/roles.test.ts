import { describe, expect, test } from 'vitest'
import { resolveConfig } from './config.ts'
import { fromArgs, toArgs } from './flags.ts'
import { planWorld } from './plan.ts'
import { API_FLAGS, NODE_FLAGS, rolesOf } from './roles.ts'
import { twinFolder } from './state.ts'

const folder = twinFolder('/data', 'x')

describe('rolesOf', () => {
  test('one API, one runtime, one agent a node, each in its place', async () => {
    const roles = rolesOf(planWorld(await resolveConfig({ name: 'x' }, [])), folder)
    expect(roles.map(role => [role.name, role.host, role.args[0]])).toEqual([
      ['api', 'node-1', 'api'],
      ['runtime', undefined, 'runtime'],
      ['node-1', 'node-1', 'node'],
      ['node-2', 'node-2', 'node'],
      ['node-3', 'node-3', 'node'],
    ])
    expect(roles.filter(role => role.servesApi).map(role => role.name)).toEqual(['api'])
  })

  test('what is written is what is read', async () => {
    const roles = rolesOf(planWorld(await resolveConfig({ name: 'x' }, [])), folder)
    expect(fromArgs('api', API_FLAGS, roles[0]!.args.slice(1))).toMatchObject({
      address: '172.18.0.11',
      port: 6443,
      listen: ['3', '4'],
    })
    expect(fromArgs('node', NODE_FLAGS, roles[3]!.args.slice(1))).toMatchObject({
      name: 'node-2',
      address: '172.18.0.12',
      roles: ['worker'],
      clusterNetworks: ['10.128.0.0/14/23'],
      serviceNetworks: ['172.30.0.0/16'],
      joinNetworks: ['100.64.0.0/16'],
      mtu: 1400,
      maxPods: 250,
      clusterDns: '172.30.0.10',
    })
  })

  test('kubernetes has no join network', async () => {
    const roles = rolesOf(planWorld(await resolveConfig({ name: 'x', profile: 'kubernetes' }, [])), folder)
    const options = fromArgs('node', NODE_FLAGS, roles[3]!.args.slice(1))
    expect(options.joinNetworks).toEqual([])
    expect(options.mtu).toBe(1450)
  })
})

test('a dual-stack twin has both families everywhere', async () => {
  const roles = rolesOf(planWorld(await resolveConfig({ name: 'x', dualStack: true }, [])), folder)
  expect(fromArgs('node', NODE_FLAGS, roles[3]!.args.slice(1))).toMatchObject({
    address: '172.18.0.12',
    address6: 'fd18::12',
    clusterNetworks: ['10.128.0.0/14/23', 'fd01::/48/64'],
    serviceNetworks: ['172.30.0.0/16', 'fd02::/112'],
    joinNetworks: ['100.64.0.0/16', 'fd98::/64'],
  })
})

describe('flags', () => {
  const FLAGS = {
    name: { type: 'text', help: 'a name' },
    count: { type: 'number', help: 'how many', optional: true },
  } as const
  test('are checked', () => {
    expect(fromArgs('role', FLAGS, ['--name=a=b', '--count=3'])).toEqual({ name: 'a=b', count: 3 })
    expect(fromArgs('role', FLAGS, toArgs(FLAGS, { name: 'x' }))).toEqual({ name: 'x' })
    expect(() => fromArgs('role', FLAGS, [])).toThrow('role: --name is missing')
    expect(() => fromArgs('role', FLAGS, ['--name=x', '--colour=red'])).toThrow('role: --colour: unknown')
    expect(() => fromArgs('role', FLAGS, ['--name=x', '--count=some'])).toThrow('--count=some is not a number')
    expect(() => fromArgs('role', FLAGS, ['name'])).toThrow('"name" is not understood')
  })
})
