/** The service proxy alone, against an API that is reached by a kubeconfig: here the twin's, from a node that is none of its own. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer as createHttp } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { run, start, startTwin, until } from './harness.ts'

const NETNS = 'alone'
/** Of the link between this namespace and the proxy's. */
const HERE = '192.0.2.1'
const THERE = '192.0.2.2'
const RELAY_PORT = 16_443

let twin: Twin
let kubeconfig: string
let proxy: ReturnType<typeof start> | undefined
const servers: (Server | ReturnType<typeof createServer>)[] = []

beforeAll(async () => {
  twin = await startTwin({ name: 'proxy', args: ['--nodes', '1'] })
  for (const args of [
    ['netns', 'add', NETNS],
    ['link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NETNS],
    ['address', 'add', `${HERE}/24`, 'dev', 'here'],
    ['link', 'set', 'here', 'up'],
    ['-n', NETNS, 'address', 'add', `${THERE}/24`, 'dev', 'eth0'],
    ['-n', NETNS, 'link', 'set', 'eth0', 'up'],
    ['-n', NETNS, 'link', 'set', 'lo', 'up'],
    ['-n', NETNS, 'route', 'add', 'default', 'via', HERE],
  ])
    execFileSync('ip', args)
  const relay = createServer(client => {
    const api = connect(twin.state.api, '127.0.0.1')
    for (const [socket, other] of [
      [client, api],
      [api, client],
    ] as const)
      socket.on('error', () => other.destroy()).pipe(other)
  })
  const backend = createHttp((_, response) => response.end('backend'))
  servers.push(relay, backend)
  await new Promise<void>(resolve => relay.listen(RELAY_PORT, HERE, resolve))
  await new Promise<void>(resolve => backend.listen(8080, HERE, resolve))
  kubeconfig = join(twin.dataHome, 'elsewhere.kubeconfig')
  const text = readFileSync(twin.env.KUBECONFIG!, 'utf8')
  const moved = text.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${HERE}:${RELAY_PORT}`)
  // Where the certificate has no such address the name that it has is checked.
  writeFileSync(kubeconfig, moved.replace(/("?)server\1:/, '$1tls-server-name$1: "localhost", $1server$1:'))
})
afterAll(async () => {
  proxy?.kill()
  for (const server of servers) server.close()
  await run('ip', ['netns', 'delete', NETNS])
  await twin?.down()
})

const inside = (command: string, ...args: string[]) => run('ip', ['netns', 'exec', NETNS, command, ...args])
const curl = (url: string, seconds = '30') => inside('curl', '-sS', '-m', seconds, url)
const launch = (...args: string[]) => inside('./fairlead', 'node', '--proxy-only', ...args)

test('a kubeconfig, Node or network that cannot be is told in a sentence', async () => {
  for (const [args, said] of [
    [['--kubeconfig', '/nowhere'], 'kubeconfig /nowhere: cannot be read'],
    [['--kubeconfig', twin.env.KUBECONFIG!], 'the API cannot be reached'],
    [['--kubeconfig', kubeconfig, '--hostname-override', 'nobody'], 'the cluster has no Node nobody'],
    [['--kubeconfig', kubeconfig, '--hostname-override', 'node-1', '--cluster-cidr', 'x'], 'x is not a network'],
    [['--kubeconfig', kubeconfig, '--unknown', 'x'], '--unknown: unknown'],
  ] as const) {
    const { code, stderr } = await launch(...args)
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
    expect(stderr).not.toContain('    at ')
  }
})

test('it makes Services work on its node, tells of its health as kube-proxy does, and touches no other table', async () => {
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'far' },
      spec: { clusterIP: '172.30.7.7', ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'far-1', labels: { 'kubernetes.io/service-name': 'far' } },
      addressType: 'IPv4',
      ports: [{ name: '', port: 8080 }],
      endpoints: [{ addresses: [HERE] }],
    },
  ]
  const applied = await twin.tryKubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  })
  expect(applied).toMatchObject({ code: 0 })
  await inside('nft', 'add table ip mine { chain c { type filter hook input priority 0; counter; } }')
  const before = (await inside('nft', 'list', 'table', 'ip', 'mine')).stdout.replace(/packets \d+ bytes \d+/, '')
  expect((await curl('http://172.30.7.7/', '1')).code).not.toBe(0)

  const args = ['netns', 'exec', NETNS, './fairlead', 'node', '--proxy-only', `--kubeconfig=${kubeconfig}`]
  proxy = start('ip', [...args, '--hostname-override', 'node-1'])
  proxy.stdout.resume()
  proxy.stderr.resume()
  await until('the proxy is healthy', async () =>
    (await curl('http://127.0.0.1:10256/healthz')).stdout.includes('"nodeEligible":true'),
  )
  expect((await curl('http://172.30.7.7/')).stdout).toBe('backend')
  expect((await curl('http://172.30.7.7:81/')).stderr).toContain('Failed to connect')
  const metrics = (await curl('http://127.0.0.1:10249/metrics')).stdout
  expect(metrics).toContain('kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"}')
  expect((await curl('http://127.0.0.1:10249/proxyMode')).stdout).toBe('nftables')
  expect((await curl('http://127.0.0.1:10256/livez')).stdout).toContain('"nodeEligible":true')

  await twin.kubectl('delete', 'endpointslice', 'far-1')
  await until('the Service refuses', async () =>
    (await curl('http://172.30.7.7/')).stderr.includes('Failed to connect'),
  )
  const after = (await inside('nft', 'list', 'table', 'ip', 'mine')).stdout.replace(/packets \d+ bytes \d+/, '')
  expect(after).toBe(before)
  const links = JSON.parse((await inside('ip', '-j', 'link')).stdout) as { ifname: string }[]
  expect(links.map(({ ifname }) => ifname)).toEqual(['lo', 'eth0'])
})
