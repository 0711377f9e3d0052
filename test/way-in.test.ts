/** The way in: two domains, a pair of load balancers, routers on chosen nodes. What fails costs clients less than a second. */

import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { slowness } from '../src/host/clock/testing.ts'
import { otherCertificate } from '../src/host/haproxy/testdata/certificates.ts'
import { splitPem } from '../src/router/testing-live.ts'
import type { Twin } from './harness.ts'
import { ROOT, startTwin, until, worldPids } from './harness.ts'
import { edgeRoute, listOf, webServers } from './web.ts'

const APPS = 'web-wayin.apps.fairlead.localhost'
const EXT = 'shop.ext.fairlead.localhost'
const EVERY_MS = 20
/** As it was promised, of a quiet machine. */
const LIMIT_MS = 1000
const PLAIN_TOO = { tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Allow' } }
const WEB = listOf(
  ...webServers('wayin'),
  edgeRoute('wayin', PLAIN_TOO),
  edgeRoute('wayin', { subdomain: 'shop', ...PLAIN_TOO }, { name: 'shop', labels: { domain: 'ext' } }),
)
const INFRA = '{"spec":{"nodePlacement":{"nodeSelector":{"matchLabels":{"node-role.kubernetes.io/infra":""}}}}}'

let twin: Twin
beforeAll(async () => {
  twin = await startTwin({ name: 'wayin' })
  const controllers = readFileSync(join(ROOT, 'examples/two-domains/controllers.yaml'), 'utf8')
  for (const input of [controllers, WEB])
    expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).stderr.replace(/^Warning.*\n/gm, '')).toBe('')
  await twin.kubectl('label', 'node', 'node-2', 'node-3', 'node-role.kubernetes.io/infra=')
  for (const name of ['default', 'ext'])
    await twin.kubectl(...['-n', OPERATOR, 'patch', 'ingresscontroller', name, '--type=merge', '-p', INFRA])
  await routersOn('node-2', 'node-3')
})
afterAll(async () => {
  await twin?.down()
})

const OPERATOR = 'openshift-ingress-operator'
const must = async (verb: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await twin.fairlead(verb, ...args)
  expect(code, stderr).toBe(0)
  return stdout
}
const inClient = (...command: string[]): Promise<string> => must('exec', 'client', '--', ...command)

/** Every router that runs is ready, and on these nodes. */
async function routersOn(...nodes: string[]): Promise<void> {
  const template =
    '{range .items[*]}{.spec.nodeName}={.status.conditions[?(@.type=="Ready")].status}{.metadata.deletionTimestamp} {end}'
  const wanted = [...nodes, ...nodes].map(node => `${node}=True`).toSorted()
  await until(`two routers each on ${nodes}`, async () => {
    const found = await twin.kubectl('-n', 'openshift-ingress', 'get', 'pods', '-o', `jsonpath=${template}`)
    return found.trim().split(' ').toSorted().join() === wanted.join()
  })
}

interface Tally {
  readonly answered: number
  readonly failed: number
  /** The longest time without an answer. */
  readonly gapMs: number
  /** How long it may be on this machine as it is now. */
  readonly limitMs: number
}

const ask = (host: string, signal = AbortSignal.timeout(30_000)): Promise<boolean> =>
  new Promise(resolve => {
    const asked = request(
      { host: '127.0.0.1', port: twin.state.http, headers: { host }, agent: false, signal },
      answer => {
        answer.resume()
        answer.once('end', () => resolve(answer.statusCode === 200))
      },
    )
    asked.once('error', () => resolve(false))
    asked.end()
  })

/** A new request every 20 ms, whatever became of those before, for a second before the fault and three after it; longer on a slow machine. */
async function whileAsking(host: string, fault: () => Promise<unknown>): Promise<Tally> {
  const slowBefore = slowness()
  const answers: number[] = []
  let [failed, going] = [0, true]
  const all: Promise<void>[] = []
  const late = new AbortController()
  setMaxListeners(0, late.signal)
  const asking = (async () => {
    while (going) {
      all.push(
        ask(host, late.signal).then(isAnswered => void (isAnswered ? answers.push(performance.now()) : failed++)),
      )
      await sleep(EVERY_MS)
    }
  })()
  await sleep(1000)
  const before = longest(answers)
  expect(before, 'the longest gap while nothing fails').toBeLessThan((LIMIT_MS / 2) * slowBefore)
  await fault()
  await sleep(LIMIT_MS * (2 + slowBefore))
  going = false
  const endMs = performance.now()
  await asking
  // What was asked of a host that is gone is never answered.
  await Promise.race([Promise.all(all), sleep(LIMIT_MS * (2 + slowness()))])
  late.abort()
  await Promise.all(all)
  const gapMs = longest([...answers.filter(each => each < endMs), endMs])
  const limitMs = LIMIT_MS * Math.max(slowBefore, slowness())
  return { answered: answers.length, failed, gapMs, limitMs }
}

const longest = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((time, index) => time - times[index]!))

const holder = async (): Promise<string> => {
  const { outside } = JSON.parse(await must('status', '--json')) as { outside: { name: string; is: string }[] }
  return outside.find(({ is }) => is.startsWith('holds'))?.name ?? ''
}

describe('two domains', () => {
  test('each has a wildcard, an address, routers and a certificate of its own', async () => {
    for (const [name, address] of [
      ['any.thing.apps.fairlead.test', '172.18.0.100'],
      ['any.ext.fairlead.test', '172.18.0.101'],
    ] as const)
      expect(await inClient('busybox', 'nslookup', name, '172.18.0.53')).toContain(address)
    await until('both answer', async () => (await ask(APPS)) && (await ask(EXT)))
    expect((await twin.https(EXT)).status).toBe(200)
    const body = (await twin.https('shop.ext.fairlead.test')).body
    expect(body).toContain('x-forwarded-for: 172.18.0.200')
    const routers = '{.status.ingress[*].routerName}'
    const of = (route: string) => twin.kubectl('-n', 'wayin', 'get', 'route', route, '-o', `jsonpath=${routers}`)
    expect([await of('web'), await of('shop')]).toEqual(['default', 'ext'])
    const shown = await inClient(
      ...['sh', '-c', 'echo | openssl s_client -connect 172.18.0.101:443 -servername shop.ext.fairlead.test 2>&1'],
    )
    expect(shown).toContain('CN = *.ext.fairlead.test')
  })

  test('a Route of one is not served at the address of the other; ports beside 80 and 443 are closed', async () => {
    const status = (address: string, host: string, port = 80) =>
      inClient(
        'sh',
        '-c',
        `curl -s -m 2 -o /dev/null -w '%{http_code}' -H 'Host: ${host}' http://${address}:${port}/ || true`,
      )
    expect(await status('172.18.0.100', 'web-wayin.apps.fairlead.test')).toBe('200')
    expect(await status('172.18.0.101', 'shop.ext.fairlead.test')).toBe('200')
    expect(await status('172.18.0.101', 'web-wayin.apps.fairlead.test')).toBe('503')
    expect(await status('172.18.0.100', 'shop.ext.fairlead.test')).toBe('503')
    expect(await status('172.18.0.100', 'web-wayin.apps.fairlead.test', 1936)).toBe('000')
  })

  test('one host alone answers for the addresses, also while they move', async () => {
    const macs: string[] = []
    const look = async (): Promise<void> => {
      // To everybody each time: else only who answered first is asked.
      const heard = await inClient('sh', '-c', 'busybox arping -b -c 2 -w 3 -I eth0 172.18.0.100 || true')
      macs.push(...[...heard.matchAll(/\[([0-9a-f:]+)\]/gi)].map(match => match[1]!))
    }
    await until('one answers', async () => look().then(() => macs.length > 0))
    const moving = must('node', 'cut', await holder())
    await until('the other answers', async () => look().then(() => new Set(macs).size > 1))
    await moving
    await look()
    for (const name of ['lb-1', 'lb-2']) await must('node', 'start', name)
    expect(macs.length).toBeGreaterThan(2)
    expect(new Set(macs).size).toBe(2)
    // In the order in which they answered: the first one's answers are over when the second one's begin.
    expect(macs.filter((mac, index) => index > 0 && mac !== macs[index - 1]).length).toBe(1)
  })
})

describe('costs clients less than a second', () => {
  test.each(['stop', 'cut'] as const)('a load balancer that is lost: %s', async action => {
    for (const host of [APPS, EXT]) {
      const first = await holder()
      const { gapMs, limitMs, answered } = await whileAsking(host, () => must('node', action, first))
      expect(await holder()).not.toBe(first)
      console.log(`${action} ${first}, ${host}: ${Math.round(gapMs)} ms without an answer, ${answered} answered`)
      expect(gapMs).toBeLessThan(limitMs)
      await must('node', 'start', first)
    }
  })

  test('the positive control: without either load balancer nobody is answered', async () => {
    const { gapMs } = await whileAsking(APPS, async () => {
      for (const name of ['lb-1', 'lb-2']) await must('node', 'stop', name)
    })
    expect(gapMs).toBeGreaterThan(LIMIT_MS)
    for (const name of ['lb-1', 'lb-2']) await must('node', 'start', name)
    await until('it serves again', () => ask(APPS))
  })

  test('a router that is killed, HAProxy and all', async () => {
    const environ = (pid: number): string => readFileSync(`/proc/${pid}/environ`, 'latin1')
    // HAProxy ends with the first process of its pod.
    const victims = worldPids(twin, /\0router\0.*--controller=default\0/s).filter(pid =>
      environ(pid).includes('HOSTNAME=node-2'),
    )
    const { gapMs, limitMs } = await whileAsking(APPS, async () => {
      for (const pid of victims) process.kill(pid, 'SIGKILL')
    })
    const killed = victims.length
    expect(killed).toBe(1)
    console.log(`a router: ${Math.round(gapMs)} ms without an answer`)
    expect(gapMs).toBeLessThan(limitMs)
    await routersOn('node-2', 'node-3')
  })

  test.each(['cut', 'stop'] as const)('a node with routers that is lost: %s', async action => {
    const { gapMs, limitMs, answered, failed } = await whileAsking(APPS, () => must('node', action, 'node-2'))
    console.log(`${action} node-2: ${Math.round(gapMs)} ms without an answer, ${answered} answered, ${failed} not`)
    expect(gapMs).toBeLessThan(limitMs)
    await must('node', 'start', 'node-2')
    await routersOn('node-2', 'node-3')
  })
})

test('a change of every router costs no request', async () => {
  const { failed, answered } = await whileAsking(APPS, async () => {
    const patch = '{"spec":{"tuningOptions":{"clientTimeout":"40s"}}}'
    await twin.kubectl(...['-n', OPERATOR, 'patch', 'ingresscontroller', 'default', '--type=merge', '-p', patch])
    await twin.kubectl(...['-n', 'openshift-ingress', 'rollout', 'status', 'deploy/router-default', '--timeout=90s'])
  })
  expect(answered).toBeGreaterThan(50)
  expect(failed).toBe(0)
})

test('a router less and one more cost no request', async () => {
  const scale = async (replicas: number): Promise<void> => {
    await twin.kubectl(...['-n', OPERATOR, 'scale', 'ingresscontroller', 'default', `--replicas=${replicas}`])
    await until(`${replicas} routers`, async () => {
      const pods = await twin.kubectl(
        ...['-n', 'openshift-ingress', 'get', 'pods', '-o', 'name'],
        ...['-l', 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller=default'],
      )
      return pods.split('\n').filter(line => line !== '').length === replicas
    })
  }
  const { failed, answered } = await whileAsking(APPS, async () => {
    await scale(1)
    await scale(2)
    await routersOn('node-2', 'node-3')
  })
  expect(answered).toBeGreaterThan(50)
  expect(failed).toBe(0)
})

test('a third domain behind a load balancer of its own: the wildcard is in DNS as long as it is there', async () => {
  const input = `
apiVersion: operator.openshift.io/v1
kind: IngressController
metadata: { name: third, namespace: ${OPERATOR} }
spec:
  domain: third.fairlead.test
  replicas: 1
  routeSelector: { matchLabels: { domain: third } }
  endpointPublishingStrategy:
    type: LoadBalancerService
    loadBalancer: { scope: External, dnsManagementPolicy: Managed, allowedSourceRanges: [ 172.18.0.200/32 ] }
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: third, namespace: wayin, labels: { domain: third } }
spec: { subdomain: shop, to: { kind: Service, name: web } }
`
  expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).code).toBe(0)
  const named = ['-n', OPERATOR, 'wait', 'ingresscontroller/third', '--for=condition=Available', '--timeout=90s']
  await twin.kubectl(...named)
  const status = (from: string) =>
    must(
      'exec',
      from,
      '--',
      ...['sh', '-c', `curl -s -m 2 -o /dev/null -w '%{http_code}' http://shop.third.fairlead.test/ || true`],
    )
  await until('the client is served', async () => (await status('client')) === '200')
  expect(await status('lb-1')).toBe('000')
  await twin.kubectl('-n', OPERATOR, 'delete', 'ingresscontroller', 'third')
  const looked = () => inClient('sh', '-c', 'busybox nslookup shop.third.fairlead.test 172.18.0.53 2>&1 || true')
  expect(await looked()).toMatch(/NXDOMAIN|can't find/)
})

test('hosts of one’s own: by an address, and as another name of what the wildcard has', async () => {
  const named = ([name, recordType, target]: readonly string[]) => `
apiVersion: ingress.operator.openshift.io/v1
kind: DNSRecord
metadata: { name: ${name}, namespace: ${OPERATOR} }
spec:
  dnsName: ${name}.fairlead.test.
  recordType: ${recordType}
  recordTTL: 30
  targets: [ ${target} ]
  dnsManagementPolicy: Managed
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: ${name}, namespace: wayin }
spec: { host: ${name}.fairlead.test, to: { kind: Service, name: web } }
`
  const records = [
    ['by-address', 'A', '172.18.0.100'],
    ['by-name', 'CNAME', 'host.apps.fairlead.test.'],
  ]
  const status = (name: string) =>
    inClient('sh', '-c', `curl -s -m 2 -o /dev/null -w '%{http_code}' http://${name}.fairlead.test/ || true`)
  const seen = () => Promise.all(['by-address', 'by-name', 'nobody'].map(status))
  expect(await seen()).toEqual(['000', '000', '000'])
  const input = records.map(named).join('---')
  expect((await twin.tryKubectl(['apply', '-f', '-'], { input })).code).toBe(0)
  await until('both are served', async () => (await seen()).join() === '200,200,000')
})

test('a Route takes its certificate from a Secret that the routers’ account was given', async () => {
  const kubectl = (...args: string[]) => twin.kubectl('-n', 'wayin', ...args)
  const route = `
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: external, namespace: wayin }
spec:
  host: external.apps.fairlead.localhost
  to: { kind: Service, name: web }
  tls: { termination: edge, externalCertificate: { name: external } }
`
  const pair = { 'tls.crt': splitPem(otherCertificate).certificate, 'tls.key': splitPem(otherCertificate).key }
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'external' }, type: 'kubernetes.io/tls' },
    stringData: pair,
  }
  expect((await twin.tryKubectl(['-n', 'wayin', 'apply', '-f', '-'], { input: JSON.stringify(secret) })).code).toBe(0)
  const apply = () => twin.tryKubectl(['apply', '-f', '-'], { input: route })
  const refused = await apply()
  expect(refused.code).toBe(1)
  for (const verb of ['get', 'list', 'watch'])
    expect(refused.stderr).toContain(`router serviceaccount does not have permission to ${verb} this secret`)
  const verbs = ['--verb=get,list,watch', '--resource=secrets', '--resource-name=external']
  await kubectl('create', 'role', 'routers-read', ...verbs)
  const account = '--serviceaccount=openshift-ingress:router'
  await kubectl('create', 'rolebinding', 'routers-read', '--role=routers-read', account)
  expect((await apply()).code).toBe(0)
  const named = ['https://external.apps.fairlead.localhost/', '--connect-to', '::web-wayin.apps.fairlead.test:']
  const shown = () => inClient('sh', '-c', `curl -skv -m 2 ${named.join(' ')} 2>&1 | grep 'subject:' || true`)
  await until('it is shown', async () => (await shown()).includes('other.test'))
})

test('the canary is asked through the front door, and says so', async () => {
  const reason = '{.status.conditions[?(@.type=="CanaryChecksSucceeding")].status}'
  const said = () => twin.kubectl('-n', OPERATOR, 'get', 'ingresscontroller', 'default', '-o', `jsonpath=${reason}`)
  await until('the canary is asked', async () => (await said()) === 'True')
})
