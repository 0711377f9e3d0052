/** Programs from upstream, unmodified, against a twin: what they do is what they do on any cluster. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Result, Twin } from '../harness.ts'
import { must, run, startTwin, until } from '../harness.ts'
import {
  HOSTS,
  installCertManager,
  OWNERS,
  SECRETS,
  serial,
  shown,
  startAcme,
  startCertManager,
} from './cert-manager.ts'
import type { Program } from './programs.ts'
import { buildPrograms, goProblem, programPath } from './programs.ts'

const problem = goProblem()
if (problem) console.warn(`Unmodified programs from upstream are left out: ${problem}.`)

let twin: Twin
const children: ChildProcess[] = []

interface Running {
  readonly child: ChildProcess
  /** All it said so far. */
  said(): string
}

function startProgram(name: Program, ...args: string[]): Running {
  const child = spawn(programPath(name), args, { env: twin.env })
  children.push(child)
  let text = ''
  const hear = (chunk: Buffer): void => {
    text += String(chunk)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  return { child, said: () => text }
}

const kubectl = (...args: string[]): Promise<string> => twin.kubectl('-n', 'upstream', ...args)
const apply = (input: string): Promise<Result> => twin.tryKubectl(['-n', 'upstream', 'apply', '-f', '-'], { input })
const soon = (what: () => Promise<boolean> | boolean): Promise<unknown> =>
  until('a program from upstream', async () => what())

describe.skipIf(problem !== undefined)('upstream', () => {
  beforeAll(async () => {
    buildPrograms()
    twin = await startTwin({ name: 'upstream', args: ['--nodes', '2'] })
    await twin.kubectl('create', 'namespace', 'upstream')
  }, 600_000)
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await twin?.down()
  })

  test('CoreDNS with its kubernetes plugin answers as our DNS does', async () => {
    await apply(SERVICES)
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=90s')
    await kubectl('wait', '--for=condition=Ready', 'pod/client', 'pod/alone', '--timeout=90s')
    const corefile = join(twin.dataHome, 'Corefile')
    const zones = 'cluster.local in-addr.arpa ip6.arpa'
    writeFileSync(
      corefile,
      `.:5399 {\n  errors\n  kubernetes ${zones} {\n    kubeconfig ${twin.env.KUBECONFIG}\n    pods insecure\n    ttl 30\n  }\n}\n`,
    )
    const server = startProgram('coredns', '-conf', corefile)
    const ours = await kubectl(
      'get',
      'service',
      'dns-default',
      '-n',
      'openshift-dns',
      '-o',
      'jsonpath={.spec.clusterIP}',
    )
    const address = (service: string): Promise<string> =>
      kubectl('get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}')
    const reverse = (text: string): string => `${text.split('.').reverse().join('.')}.in-addr.arpa PTR`
    const pod = await kubectl('get', 'pod', 'alone', '-o', 'jsonpath={.status.podIP}')
    const zone = 'upstream.svc.cluster.local'
    const questions = [
      `web.${zone} A`,
      `web.${zone} AAAA`,
      `_http._tcp.web.${zone} SRV`,
      `headless.${zone} A`,
      `headless.${zone} SRV`,
      `_http._tcp.headless.${zone} SRV`,
      `alone.headless.${zone} A`,
      // The address behind it is a matter of who is asked next, which this CoreDNS has nobody for.
      `away.${zone} CNAME`,
      `nothing.${zone} A`,
      `web.nowhere.svc.cluster.local A`,
      `${zone} A`,
      `svc.cluster.local A`,
      `${pod.replaceAll('.', '-')}.upstream.pod.cluster.local A`,
      `kubernetes.default.svc.cluster.local A`,
      `_https._tcp.kubernetes.default.svc.cluster.local SRV`,
      'dns-version.cluster.local TXT',
      reverse(await address('web')),
      reverse(pod),
    ]
    const script = (at: string): string =>
      questions
        .map(
          question =>
            `echo "? ${question}"; dig ${at} +noall +comments +answer +additional +tries=2 +time=10 ${question}`,
        )
        .join('\n')
    const theirs = (): Promise<Result> => run('sh', ['-c', script('@127.0.0.1 -p 5399')])
    // Theirs has to start and to hear of everything, ours of the last.
    const mine = await until('both answer alike', async () => {
      const said = answers(await kubectl('exec', 'client', '--', 'sh', '-c', script(`@${ours}`)))
      expect(said).toBe(answers((await theirs()).stdout))
      return said
    })
    expect(server.child.exitCode).toBeNull()
    expect(mine).toContain(`web.${zone}. A ${await address('web')}`)
  })

  test('a controller of client-go leads by a Lease, copies what it sees, tells of it, and another takes over when it is killed', async () => {
    const file = twin.env.KUBECONFIG!
    await kubectl('create', 'configmap', 'early', '--from-literal=a=1')
    await kubectl('label', 'configmap', 'early', 'copy=yes')
    const first = startProgram('controller', file, 'upstream', 'first')
    await soon(() => first.said().includes('synced first'))
    const second = startProgram('controller', file, 'upstream', 'second')
    await soon(() => second.said().includes('leader first'))
    const copied = (name: string) => kubectl('get', 'configmap', name, '--ignore-not-found', '-o', 'jsonpath={.data.a}')
    await soon(async () => (await copied('early-copy')) === '1')
    await kubectl('patch', 'configmap', 'early', '--type=merge', '-p', '{"data":{"a":"2"}}')
    await soon(async () => (await copied('early-copy')) === '2')
    const owner = await kubectl(
      'get',
      'configmap',
      'early-copy',
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
    )
    expect(owner).toBe('copier')
    await soon(async () => (await kubectl('get', 'events', '-o', 'jsonpath={.items[*].message}')).includes('by first'))
    expect(await kubectl('get', 'lease', 'copier', '-o', 'jsonpath={.spec.holderIdentity}')).toBe('first')
    expect(second.said()).not.toContain('synced second')
    first.child.kill('SIGKILL')
    await soon(() => second.said().includes('synced second'))
    expect(
      await kubectl('get', 'lease', 'copier', '-o', 'jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}'),
    ).toBe('second 1')
    await kubectl('create', 'configmap', 'late', '--from-literal=a=3')
    await kubectl('label', 'configmap', 'late', 'copy=yes')
    await soon(async () => (await copied('late-copy')) === '3')
    // Its owner is gone, and the collector takes it.
    await kubectl('delete', 'configmap', 'late')
    await soon(async () => (await copied('late-copy')) === '')
    expect(`${first.said()}${second.said()}`).not.toMatch(
      /^[EW]\d{4} .*(forbidden|not find the requested|failed to list|Failed to watch|atch-?list)/m,
    )
    second.child.kill('SIGKILL')
  })

  test('a manager of controller-runtime makes what its objects own, follows it, and lets go of what it finalizes', async () => {
    const manager = startProgram('manager', 'upstream')
    await apply(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site, labels: {site: "yes"}}\ndata: {image: example.com/site}',
    )
    const ready = () =>
      kubectl('get', 'configmap', 'site', '-o', 'jsonpath={.metadata.annotations.example\\.com/ready}')
    await soon(async () => (await ready()) === '1')
    expect(await kubectl('get', 'service', 'site', '-o', 'jsonpath={.spec.ports[0].targetPort}')).toBe('8080')
    await kubectl('scale', 'deployment', 'site', '--replicas=0')
    await soon(async () => (await kubectl('get', 'deployment', 'site', '-o', 'jsonpath={.spec.replicas}')) === '1')
    await kubectl('delete', 'configmap', 'site', '--timeout=90s')
    expect(manager.said()).toContain('finalized site')
    await soon(async () => (await kubectl('get', 'deployment,service', '-l', 'app=site', '-o', 'name')) === '')
    await soon(async () => (await twin.tryKubectl(['-n', 'upstream', 'get', 'service', 'site'])).code !== 0)
    expect(manager.child.exitCode).toBeNull()
    const complaints = manager
      .said()
      .split('\n')
      .filter(line => line.includes('"level":"error"'))
    expect(complaints.filter(line => !line.includes('the object has been modified'))).toEqual([])
    manager.child.kill('SIGKILL')
  })

  test('Helm installs, upgrades, rolls back, lists and uninstalls', async () => {
    const chart = join(import.meta.dirname, 'chart')
    const env = { ...twin.env, HELM_NAMESPACE: 'upstream', HOME: twin.dataHome }
    const helm = (...args: string[]): Promise<string> => must(programPath('helm'), args, { env, timeoutMs: 240_000 })
    const greeting = () => kubectl('get', 'configmap', 'release', '-o', 'jsonpath={.data.greeting}')
    expect(await helm('install', 'release', chart, '--wait', '--timeout=90s')).toContain('STATUS: deployed')
    expect(await greeting()).toBe('hello')
    expect(await kubectl('get', 'deployment', 'release', '-o', 'jsonpath={.status.readyReplicas}')).toBe('1')
    await helm('upgrade', 'release', chart, '--set', 'greeting=bye,replicas=2', '--wait', '--timeout=90s')
    expect(await greeting()).toBe('bye')
    expect(await kubectl('get', 'deployment', 'release', '-o', 'jsonpath={.status.readyReplicas}')).toBe('2')
    await helm('rollback', 'release', '1', '--wait', '--timeout=90s')
    expect(await greeting()).toBe('hello')
    const [listed] = JSON.parse(await helm('list', '-o', 'json')) as {
      name: string
      revision: string
      status: string
    }[]
    expect(listed).toMatchObject({ name: 'release', revision: '3', status: 'deployed' })
    expect((await helm('history', 'release')).match(/superseded/g)).toHaveLength(2)
    const failed = await run(programPath('helm'), ['install', 'release', chart], { env })
    expect(failed.stderr).toContain('cannot reuse a name that is still in use')
    await helm('uninstall', 'release', '--wait')
    expect(await kubectl('get', 'deployment,service,configmap', '-o', 'name')).not.toContain('/release')
    expect(await helm('list', '-q')).toBe('')
  })

  test('cert-manager fetches certificates by HTTP-01 for an Ingress and a Route, shown to clients outside, and renewed', async () => {
    const [root] = await Promise.all([startAcme(twin), installCertManager(twin)])
    await twin.kubectl('create', 'namespace', 'issued')
    const issued = (...args: string[]): Promise<string> => twin.kubectl('-n', 'issued', ...args)
    const applied = await twin.tryKubectl(['-n', 'issued', 'apply', '-f', '-'], { input: OWNERS })
    expect(applied.code, applied.stderr).toBe(0)
    const seen = (): Promise<string[]> => Promise.all(HOSTS.map(host => shown(twin, root, host)))
    // The control: both are served with the default certificate, which is another authority's.
    const served = async () => (await Promise.all(HOSTS.map(host => twin.https(host)))).every(it => it.status === 200)
    await until('both are served', served)
    expect(await seen()).toEqual(['SELF_SIGNED_CERT_IN_CHAIN', 'SELF_SIGNED_CERT_IN_CHAIN'])
    await startCertManager(twin)
    const certificates = SECRETS.map(name => `certificate/${name}`)
    await until('a Certificate of the Ingress', () => issued('get', ...certificates))
    await issued('wait', '--for=condition=Ready', ...certificates, '--timeout=90s')
    const external = '{"spec":{"tls":{"externalCertificate":{"name":"route-tls"}}}}'
    await issued('patch', 'route', 'shop', '--type=merge', '-p', external)
    const areShown = async () =>
      String(await seen()) === String(await Promise.all(SECRETS.map(each => serial(twin, each))))
    await until('both certificates are shown', areShown)
    expect(await served()).toBe(true)
    // What solved the challenges is gone; a name that leads elsewhere is not vouched for.
    const solving = () => issued('get', 'challenges.acme.cert-manager.io', '-o', 'jsonpath={.items[*].spec.dnsName}')
    await until('the solvers of both end', async () => (await solving()) === 'www.example.com')
    expect((await twin.tryKubectl(['-n', 'issued', 'get', 'secret', 'elsewhere'])).code).not.toBe(0)

    const first = await seen()
    const condition = { type: 'Issuing', status: 'True', reason: 'Manual', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const renew = JSON.stringify([{ op: 'add', path: '/status/conditions/-', value: condition }])
    for (const each of certificates) await issued('patch', each, '--subresource=status', '--type=json', '-p', renew)
    const isNew = async () => (await areShown()) && (await seen()).every((each, index) => each !== first[index])
    await until('others are shown', isNew)
  }, 300_000)
})

/** Per question the outcome and the records, without times to live, in an order of their own. */
function answers(text: string): string {
  return text
    .split(/^\? /m)
    .slice(1)
    .map(part => {
      const [question = '', ...lines] = part.split('\n')
      const status = /status: (\w+)/.exec(part)?.[1] ?? 'none'
      const records = lines
        .filter(line => line !== '' && !line.startsWith(';'))
        .map(line => line.split(/\s+/))
        .map(([name, _ttl, _class, ...rest]) => `  ${name} ${rest.join(' ')}`)
      return [`${question}: ${status}`, ...records.sort()].join('\n')
    })
    .join('\n')
}

const SERVICES = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.com/web, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, labels: {app: alone}}
spec: {hostname: alone, subdomain: headless, containers: [{name: web, image: example.com/web, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: alone}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: away}
spec: {type: ExternalName, externalName: www.example.com}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: tools, image: netshoot, command: [sleep, "3600"]}]}
`
