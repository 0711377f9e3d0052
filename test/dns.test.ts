/** DNS as a person has it: a Corefile that is edited, a server for any cluster, and names in policies. */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { FAIRLEAD, hostPid, run, startTwin, until } from './harness.ts'

/** Seconds, for what is allowed. */
const PATIENT = '60'
let plain: Twin
let okd: Twin

beforeAll(async () => {
  okd = await startTwin({ name: 'dns-okd' })
  plain = await startTwin({ name: 'dns-plain', args: ['--profile', 'kubernetes', '--nodes', '2'] })
  for (const twin of [okd, plain]) {
    await twin.kubectl('create', 'namespace', 'shop')
    await twin.kubectl('-n', 'shop', 'run', 'client', '--image=busybox', '--command', '--', 'sleep', '3600')
    await twin.kubectl('-n', 'shop', 'wait', '--for=condition=Ready', 'pod/client', '--timeout=90s')
  }
})
afterAll(async () => {
  await Promise.all([okd, plain].map(twin => twin?.down()))
})

const inPod = async (twin: Twin, ...command: string[]): Promise<string> => {
  const { stdout } = await twin.tryKubectl(['-n', 'shop', 'exec', 'client', '--', ...command])
  return stdout.trim()
}
const dig = (twin: Twin, ...args: string[]): Promise<string> =>
  inPod(twin, 'dig', '+short', '+tries=3', '+time=10', ...args)
const apply = async (twin: Twin, object: object): Promise<void> => {
  const { code, stderr } = await twin.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
  expect([code, stderr]).toEqual([0, expect.anything()])
  await twin.fairlead('wait')
}

describe('in the kubernetes profile', () => {
  const corefile = (): Promise<string> =>
    plain.kubectl('-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'jsonpath={.data.Corefile}')
  const edit = (text: string): Promise<void> =>
    apply(plain, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'coredns' },
      data: { Corefile: text },
    })
  const logs = (): Promise<string> => plain.kubectl('-n', 'kube-system', 'logs', '-l', 'k8s-app=kube-dns', '--tail=-1')

  test('kube-dns, its Corefile and its logs are where people look for them', async () => {
    const { stdout } = await plain.tryKubectl(['-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'yaml'])
    expect(stdout).toContain('kubernetes cluster.local in-addr.arpa ip6.arpa {')
    expect(await logs()).toContain('cluster.local')
    expect(await dig(plain, '@10.96.0.10', 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1')
    expect(await plain.kubectl('-n', 'kube-system', 'get', 'deployment', 'coredns', '-o', 'name')).toContain('coredns')
  })

  test('answers change when the Corefile is edited; one that cannot be read changes nothing and is told of', async () => {
    const before = await corefile()
    expect(await dig(plain, 'seven.corp')).toBe('')
    expect(await dig(plain, 'old.example.com')).toBe('')
    const more = `log
    rewrite name old.example.com www.example.com
    hosts {
        192.0.2.7 seven.corp
        fallthrough
    }
    kubernetes cluster.local`
    const edited = `${before.replace('kubernetes cluster.local', more)}
corp.test:53 {
    errors
    cache 30
    forward . 172.18.0.1:9
}
`
    await edit(edited)
    expect(await dig(plain, 'seven.corp')).toBe('192.0.2.7')
    expect(await dig(plain, 'old.example.com')).toBe(await dig(plain, 'www.example.com'))
    expect(await dig(plain, 'old.example.com')).toMatch(/^203\.0\.113\./)
    expect(await inPod(plain, 'dig', '+tries=1', '+time=60', 'www.corp.test')).toContain('SERVFAIL')
    expect(await dig(plain, 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1')
    await until('the queries are logged', async () => /"A IN seven\.corp\. udp/.test(await logs()))
    await edit(edited.replace('    ready', '    nonsense'))
    await until('the error is told of', async () => /\[ERROR\] .*the plugin "nonsense" is not known/.test(await logs()))
    expect(await dig(plain, 'seven.corp')).toBe('192.0.2.7')
    await edit(before)
    expect(await dig(plain, 'seven.corp')).toBe('')
    expect(await dig(plain, 'kubernetes.default.svc.cluster.local')).toBe('10.96.0.1')
  })

  test('fairlead dns serves the names of whatever cluster its kubeconfig leads to', async () => {
    const port = 20_000 + (process.pid % 10_000)
    const server = spawn(FAIRLEAD, ['dns', '--kubeconfig', plain.env.KUBECONFIG!, '--port', String(port)], {
      env: { ...process.env, KUBECONFIG: '' },
    })
    const ask = async (...args: string[]): Promise<string> =>
      (await run('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=1', ...args])).stdout
    try {
      await until('it answers', async () =>
        (await ask('+short', 'kubernetes.default.svc.cluster.local')).includes('10.96.0.1'),
      )
      expect(await ask('+short', '+tcp', '-x', '10.96.0.10')).toContain('kube-dns.kube-system.svc.cluster.local.')
      expect(await ask('+short', 'SRV', '_dns._udp.kube-dns.kube-system.svc.cluster.local')).toContain('0 100 53 ')
      expect(await ask('nobody.shop.svc.cluster.local')).toContain('NXDOMAIN')
      expect(await ask('AXFR', 'cluster.local')).toContain('Transfer failed')
      await plain.kubectl('-n', 'shop', 'create', 'service', 'clusterip', 'new', '--tcp=80')
      const address = await plain.kubectl('-n', 'shop', 'get', 'service', 'new', '-o', 'jsonpath={.spec.clusterIP}')
      await until('the new name is known', async () =>
        (await ask('+short', 'new.shop.svc.cluster.local')).includes(address),
      )
    } finally {
      server.kill('SIGTERM')
    }
  })
})

describe("OKD's DNS operator", () => {
  const patch = async (spec: object): Promise<void> => {
    await okd.kubectl('patch', 'dns.operator', 'default', '--type=merge', '-p', JSON.stringify({ spec }))
    await okd.fairlead('wait')
  }
  const corefile = (): Promise<string> =>
    okd.kubectl('-n', 'openshift-dns', 'get', 'configmap', 'dns-default', '-o', 'jsonpath={.data.Corefile}')
  const pods = async (): Promise<readonly string[]> =>
    (await okd.kubectl('-n', 'openshift-dns', 'get', 'pods', '-o', 'jsonpath={.items[*].spec.nodeName}'))
      .split(' ')
      .toSorted()
  const condition = (kind: string, name: string, type: string): Promise<string> =>
    okd.kubectl('get', kind, name, '-o', `jsonpath={.status.conditions[?(@.type=="${type}")].status}`)

  test('Debug shows what was denied, in the logs', async () => {
    const logs = (): Promise<string> =>
      okd.kubectl(
        '-n',
        'openshift-dns',
        'logs',
        '-l',
        'dns.operator.openshift.io/daemonset-dns=default',
        '-c',
        'dns',
        '--tail=-1',
      )
    await dig(okd, 'quiet.shop.svc.cluster.local')
    await patch({ logLevel: 'Debug' })
    expect(await corefile()).toContain('class denial error')
    await dig(okd, 'loud.shop.svc.cluster.local')
    await until('it is logged', async () =>
      /"A IN loud\.shop\.svc\.cluster\.local\. udp .* NXDOMAIN/.test(await logs()),
    )
    expect(await logs()).not.toContain('quiet.shop')
    await patch({ logLevel: 'Normal' })
  })

  test('servers, upstreams and times of the cache are as it says; what cannot be leaves the old Corefile in force', async () => {
    const upstreams = (port: number) => ({ upstreams: [{ type: 'Network', address: '172.18.0.53', port }] })
    const server = {
      name: 'gone',
      zones: ['example.org'],
      forwardPlugin: { upstreams: ['172.18.0.53:9'], policy: 'RoundRobin' },
    }
    expect(await dig(okd, 'example.org')).toMatch(/^203\.0\.113\./)
    await patch({
      cache: { positiveTTL: '1s', negativeTTL: '5s' },
      upstreamResolvers: upstreams(53),
      servers: [server],
    })
    expect(await corefile()).toMatch(/cache 1 \{\n +denial 9984 5\n/)
    expect(await corefile()).toContain('policy round_robin')
    expect(await inPod(okd, 'dig', '+tries=1', '+time=60', 'example.org')).toContain('SERVFAIL')
    expect(await dig(okd, 'www.example.com')).toMatch(/^203\.0\.113\./)
    const tls = { transport: 'TLS', tls: { serverName: 'dns.example' } }
    await patch({ upstreamResolvers: { upstreams: [{ type: 'SystemResolvConf' }], transportConfig: tls } })
    expect(await condition('dns.operator', 'default', 'Degraded')).toBe('True')
    expect(await condition('clusteroperator', 'dns', 'Degraded')).toBe('True')
    expect(await corefile()).toContain('forward . 172.18.0.53:53 {')
    await patch({ cache: null, servers: null, upstreamResolvers: null })
    expect(await condition('clusteroperator', 'dns', 'Degraded')).toBe('False')
    expect(await corefile()).toContain('forward . /etc/resolv.conf {')
    expect(await dig(okd, 'example.org')).toMatch(/^203\.0\.113\./)
  })

  test('pods are where nodePlacement says, and names are answered from there', async () => {
    expect(await pods()).toEqual(['node-1', 'node-2', 'node-3'])
    await patch({ nodePlacement: { nodeSelector: { 'kubernetes.io/hostname': 'node-2' } } })
    await until('one is left', async () => (await pods()).join() === 'node-2')
    await okd.fairlead('wait')
    await until('it answers', async () => (await dig(okd, 'kubernetes.default.svc.cluster.local')) === '172.30.0.1')
    await patch({ nodePlacement: null })
    await until('all are back', async () => (await pods()).join() === 'node-1,node-2,node-3')
    await okd.kubectl('-n', 'openshift-dns', 'rollout', 'status', 'daemonset/dns-default', '--timeout=90s')
    await until('it is available', async () => (await condition('clusteroperator', 'dns', 'Progressing')) === 'False')
    expect(await condition('clusteroperator', 'dns', 'Available')).toBe('True')
  })
})

describe('names in policies', () => {
  /** Within so many seconds: denial is silence. */
  const reaches = async (name: string, seconds = '2'): Promise<boolean> =>
    (
      await okd.tryKubectl([
        '-n',
        'shop',
        'exec',
        'client',
        '--',
        'curl',
        '-s',
        '-m',
        seconds,
        '-o',
        '/dev/null',
        `http://${name}/`,
      ])
    ).code === 0
  const leadsTo = (name: string): Promise<boolean> => until(`${name} is reached`, () => reaches(name, '20'))
  const firewall = (...names: string[]): Promise<void> =>
    apply(okd, {
      apiVersion: 'k8s.ovn.org/v1',
      kind: 'EgressFirewall',
      metadata: { name: 'default', namespace: 'shop' },
      spec: {
        egress: [
          ...names.map(dnsName => ({ type: 'Allow', to: { dnsName } })),
          { type: 'Deny', to: { cidrSelector: '0.0.0.0/0' } },
        ],
      },
    })

  test('a pod reaches what its EgressFirewall names, from its first packet on, and nothing else', async () => {
    const outside = await dig(okd, 'www.example.com')
    await leadsTo('www.example.com')
    await firewall()
    expect(await reaches('www.example.com')).toBe(false)
    await firewall('*.example.com')
    expect(await okd.kubectl('-n', 'shop', 'get', 'egressfirewall')).toMatch(/default +EgressFirewall Rules applied\n/)
    expect(await reaches('whoami.internet.test')).toBe(false)
    // All these names lead to one host: who has asked for another name has not asked for this one.
    expect(await reaches(outside)).toBe(false)
    for (let i = 0; i < 20; i++) expect(await reaches('www.example.com', PATIENT)).toBe(true)
    await leadsTo(outside)
    // Another name of the same host passes with it, and `trace` says why.
    const traced = await okd.fairlead('trace', 'shop/client', 'example.org', '--port', '80', '--probe')
    expect(traced.stdout).toContain('names    example.org, www.example.com\n')
    expect(traced.stdout).toContain('probe    answered\n')
    expect(traced.code).toBe(0)
    await firewall('example.org')
    expect(await reaches(outside)).toBe(false)
    await leadsTo('example.org')
    await okd.kubectl('-n', 'shop', 'delete', 'egressfirewall', 'default')
    await okd.fairlead('wait')
  })

  test('when the agent or the DNS servers are killed nothing else is let through, and names lead on as soon as they are back', async () => {
    // Another host: the load balancer in front of the routers.
    const other = 'nobody.apps.fairlead.test'
    await leadsTo(other)
    await firewall('*.example.com')
    await leadsTo('www.example.com')
    const node = await okd.kubectl('-n', 'shop', 'get', 'pod', 'client', '-o', 'jsonpath={.spec.nodeName}')
    for (const role of [node, 'runtime']) {
      process.kill(await hostPid(okd, role), 'SIGKILL')
      expect(await reaches(other)).toBe(false)
      // Five times in a row: the DNS servers of the nodes come back one after another.
      await until('it leads on', async () => {
        for (let i = 0; i < 5; i++) if (!(await reaches('www.example.com', '20'))) return false
        return true
      })
      expect(await reaches(other)).toBe(false)
    }
    await okd.kubectl('-n', 'shop', 'delete', 'egressfirewall', 'default')
    await okd.fairlead('wait')
  })

  test('domainNames of an AdminNetworkPolicy', async () => {
    const subject = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }
    const metadata = { name: 'names' }
    const apiVersion = 'policy.networking.k8s.io/v1alpha1'
    const dns = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } } }
    const rules = (...domainNames: string[]) => [
      { action: 'Allow', to: [dns] },
      ...(domainNames.length > 0 ? [{ action: 'Allow', to: [{ domainNames }] }] : []),
      { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
    ]
    const policy = (...names: string[]) =>
      apply(okd, {
        apiVersion,
        kind: 'AdminNetworkPolicy',
        metadata,
        spec: { subject, priority: 5, egress: rules(...names) },
      })
    await leadsTo('www.example.com')
    await policy()
    expect(await reaches('www.example.com')).toBe(false)
    await policy('*.example.com')
    expect(await reaches('example.org')).toBe(false)
    await leadsTo('www.example.com')
    await okd.kubectl('delete', 'adminnetworkpolicy', 'names')
  })

  test('domainNames of a ClusterNetworkPolicy', async () => {
    const namespace = (name: string) => ({ namespaces: { matchLabels: { 'kubernetes.io/metadata.name': name } } })
    const policy = (...names: string[]) =>
      apply(okd, {
        apiVersion: 'policy.networking.k8s.io/v1alpha2',
        kind: 'ClusterNetworkPolicy',
        metadata: { name: 'names' },
        spec: {
          tier: 'Admin',
          priority: 5,
          subject: namespace('shop'),
          egress: [
            { action: 'Accept', to: [namespace('openshift-dns')] },
            ...(names.length > 0 ? [{ action: 'Accept', to: [{ domainNames: names }] }] : []),
            { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
          ],
        },
      })
    await leadsTo('www.example.com')
    await policy()
    expect(await reaches('www.example.com')).toBe(false)
    await policy('example.org', '*.example.com')
    expect(await reaches('whoami.internet.test')).toBe(false)
    await leadsTo('www.example.com')
    await leadsTo('example.org')
    await okd.kubectl('delete', 'clusternetworkpolicy', 'names')
  })
})
