import { expect, test } from 'vitest'
import { fakeLinks } from '../../host/link/fake.ts'
import { fakeNetns } from '../../host/netns/fake.ts'
import { resolveConfig } from '../config.ts'
import { nodePlan, planWorld } from '../plan.ts'
import { buildWorld, makePlaces } from './world.ts'

async function build(nodes = 2, dualStack = false) {
  const netns = fakeNetns()
  const links = fakeLinks(netns)
  const plan = planWorld(await resolveConfig({ name: 'x', nodes, dualStack }, []))
  return { netns, links, plan, world: buildWorld({ netns, links }, plan, makePlaces(netns, plan)) }
}

test('a bridge for nodes and outside hosts, a link of its own for the internet', async () => {
  const { netns, links, world } = await build()
  expect(netns.list()).toEqual(['client', 'dns', 'internet', 'lb-1', 'lb-2', 'node-1', 'node-2'])
  expect(links.links(netns.home).map(link => `${link.name} ${link.kind} ${link.up ? 'up' : 'down'}`)).toEqual([
    'lo  up',
    'underlay0 bridge up',
    'v-node-1 veth up',
    'v-node-2 veth up',
    'v-client veth up',
    'v-dns veth up',
    'v-lb-1 veth up',
    'v-lb-2 veth up',
    'v-internet veth up',
  ])
  expect(links.addresses(netns.home).map(each => `${each.link} ${each.address}/${each.bits}`)).toEqual([
    'underlay0 172.18.0.1/24',
    'v-internet 203.0.113.1/24',
  ])
  expect(links.addresses(world.netns('lb-2')).map(each => `${each.address}/${each.bits}`)).toEqual(['172.18.0.99/24'])
  expect(links.routes(world.netns('node-2'), 4)).toContainEqual({
    to: '0.0.0.0/0',
    via: '172.18.0.1',
    dev: 'eth0',
    table: 254,
  })
  expect(links.sysctls(world.netns('node-1'))).toMatchObject({ 'net/ipv4/ip_forward': '1' })
  expect(links.sysctls(world.netns('client'))).toEqual({})
})

test('a dual-stack world has IPv6 on the same links', async () => {
  const { netns, links, world } = await build(2, true)
  expect(links.addresses(netns.home).map(each => `${each.link} ${each.address}/${each.bits}`)).toEqual([
    'underlay0 172.18.0.1/24',
    'underlay0 fd18::1/64',
    'v-internet 203.0.113.1/24',
    'v-internet 2001:db8::1/64',
  ])
  expect(links.routes(world.netns('node-2'), 6)).toContainEqual({ to: '::/0', via: 'fd18::1', dev: 'eth0', table: 254 })
  expect(links.neighbours(world.netns('node-1'))).toContain('eth0 fd18::12 0a:58:ac:12:00:0c')
  expect(links.sysctls(netns.home)).toMatchObject({ 'net/ipv6/conf/all/forwarding': '1' })
})

test('everyone knows everyone for good', async () => {
  const { links, world } = await build()
  expect(links.neighbours(world.netns('node-1'))).toEqual([
    'eth0 172.18.0.1 0a:58:ac:12:00:01',
    'eth0 172.18.0.12 0a:58:ac:12:00:0c',
    'eth0 172.18.0.200 0a:58:ac:12:00:c8',
    'eth0 172.18.0.53 0a:58:ac:12:00:35',
    'eth0 172.18.0.98 0a:58:ac:12:00:62',
    'eth0 172.18.0.99 0a:58:ac:12:00:63',
  ])
  expect(links.neighbours(world.netns('internet'))).toEqual([])
})

test('a node joins later, and the others learn of it', async () => {
  const { links, plan, world } = await build()
  const node = nodePlan(plan.config, 2)
  world.addNode({ ...plan, nodes: [...plan.nodes, node] }, node)
  expect(links.neighbours(world.netns('node-1'))).toContain('eth0 172.18.0.13 0a:58:ac:12:00:0d')
  expect(links.neighbours(world.netns('node-3'))).toContain('eth0 172.18.0.11 0a:58:ac:12:00:0b')
  expect(world.linkIsUp('node-3')).toBe(true)
})

test('a link is cut and mended; unknown names are told', async () => {
  const { world } = await build()
  world.setLink('node-2', false)
  expect([world.linkIsUp('node-1'), world.linkIsUp('node-2')]).toEqual([true, false])
  world.setLink('node-2', true)
  expect(world.linkIsUp('node-2')).toBe(true)
  expect(() => world.setLink('node-9', false)).toThrow('no node or outside host "node-9"')
})
