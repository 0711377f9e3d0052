/** The main job: what a person does first, end to end with real packets. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Twin } from './harness.ts'
import { startTwin, until } from './harness.ts'

/** curl's exit code for a refused connection; a silent one would be 28. */
const CURL_CANNOT_CONNECT = 7
const HOST = 'api-production.apps.fairlead.localhost'
let twin: Twin

beforeAll(async () => {
  twin = await startTwin({ name: 'job' })
  await twin.kubectl('apply', '-f', 'examples/shop/')
  const waited = await twin.fairlead('wait')
  expect(waited.code, waited.stderr).toBe(0)
})
afterAll(async () => {
  await twin?.down()
})

const served = (host = HOST, path = '/'): Promise<Answer> =>
  until(`${host} answers`, async () => {
    const answer = await twin.https(host, path)
    return answer.status === 200 && answer
  })
const inPod = (...command: string[]) => twin.kubectl('-n', 'production', 'exec', 'deploy/frontend', '--', ...command)
const addressOf = async (kind: string, name: string, path: string): Promise<string> =>
  (await twin.kubectl('-n', 'production', 'get', kind, name, '-o', `jsonpath=${path}`)).trim()
const podAddress = (): Promise<string> =>
  twin.kubectl('-n', 'production', 'get', 'pods', '-l', 'app=api', '-o', 'jsonpath={.items[0].status.podIP}')

describe('Routes', () => {
  test('after `wait`, the first request through an edge Route is answered', async () => {
    const answer = await twin.https(HOST)
    expect(answer.status).toBe(200)
  })

  test('the answer comes from pods on every node, also those the router is not on', async () => {
    await served()
    const seen = new Set<string>()
    await until('an answer from each of three nodes', async () => {
      const node = /node-\d/.exec((await twin.https(HOST)).body)?.[0]
      if (node) seen.add(node)
      return seen.size === 3
    })
  })

  test("the certificate of the front door is the twin's wildcard, by its own authority", async () => {
    const ca = await twin.kubectl(
      '-n',
      'openshift-config-managed',
      'get',
      'cm',
      'default-ingress-cert',
      '-o',
      'jsonpath={.data.ca-bundle\\.crt}',
    )
    const { writeFileSync } = await import('node:fs')
    const file = `${twin.dataHome}/ca.crt`
    writeFileSync(file, ca)
    const resolve = ['--resolve', `${HOST}:${twin.state.https}:127.0.0.1`]
    const trusted = await twin.curl('--cacert', file, ...resolve, `https://${HOST}:${twin.state.https}/`)
    expect(trusted.code, trusted.stderr).toBe(0)
    expect((await twin.curl(...resolve, `https://${HOST}:${twin.state.https}/`)).code).toBe(60)
  })

  test('plain HTTP is redirected where the Route says Redirect', async () => {
    const answer = await twin.curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{redirect_url}',
      '-H',
      `Host: ${HOST}`,
      `http://127.0.0.1:${twin.state.http}/cart?x=1`,
    )
    expect(answer.stdout).toMatch(new RegExp(`^302 https://${HOST}(:\\d+)?/cart\\?x=1$`))
  })

  test('TLS on the plain port and plain HTTP on the TLS port are understood too', async () => {
    await served()
    const tls = await twin.curl(
      '-k',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--resolve',
      `${HOST}:${twin.state.http}:127.0.0.1`,
      `https://${HOST}:${twin.state.http}/`,
    )
    expect(tls.stdout).toBe('200')
    const plain = await twin.curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      `Host: ${HOST}`,
      `http://127.0.0.1:${twin.state.https}/`,
    )
    expect(plain.stdout).toBe('302')
  })

  test('nine requests of ten go to the stable Service', async () => {
    await served()
    let canary = 0
    for (let batch = 0; batch < 20; batch++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => twin.https(HOST)))
      canary += answers.filter(answer => answer.body.includes('api-canary')).length
    }
    expect(canary).toBeGreaterThan(20)
    expect(canary).toBeLessThan(60)
  })

  test('a path goes to its own Route, other paths to the shorter one', async () => {
    await twin.kubectl('create', 'namespace', 'paths')
    await twin.tryKubectl(['apply', '-f', '-'], {
      input: ['one', 'two']
        .map(
          (name, index) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: paths }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [ { name: web, image: example.com/web, ports: [ { containerPort: 8080 } ] } ] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: paths }
spec: { selector: { app: ${name} }, ports: [ { port: 80, targetPort: 8080 } ] }
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: ${name}, namespace: paths }
spec: { host: paths.apps.fairlead.test, ${index === 1 ? 'path: /two, ' : ''}to: { kind: Service, name: ${name} }, tls: { termination: edge } }
`,
        )
        .join('---'),
    })
    const host = 'paths.apps.fairlead.localhost'
    await until(
      'both answer',
      async () =>
        (await twin.https(host, '/two/x')).body.includes('two-') && (await twin.https(host, '/')).body.includes('one-'),
    )
    expect((await twin.https(host, '/twofold')).body).toContain('one-')
  })

  test('status says Admitted, and a host that is taken is refused to the younger Route', async () => {
    const admitted = (namespace: string) =>
      twin.kubectl(
        '-n',
        namespace,
        'get',
        'route',
        'api',
        '-o',
        'jsonpath={.status.ingress[0].conditions[?(@.type=="Admitted")].status} {.status.ingress[0].conditions[?(@.type=="Admitted")].reason}',
      )
    expect(await admitted('production')).toMatch(/^True/)
    await twin.kubectl('create', 'namespace', 'rival')
    await twin.tryKubectl(['apply', '-f', '-'], {
      input:
        'apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: api, namespace: rival}\nspec: {host: api-production.apps.fairlead.test, to: {kind: Service, name: x}}\n',
    })
    await until('a verdict', async () => (await admitted('rival')) === 'False HostAlreadyClaimed')
  })
})

describe('the pod network', () => {
  test('pods reach pods on other nodes by address, and the server sees their own', async () => {
    const self = await twin.kubectl(
      '-n',
      'production',
      'get',
      'pods',
      '-l',
      'app=frontend',
      '-o',
      'jsonpath={range .items[*]}{.status.podIP}{"\\n"}{end}',
    )
    const body = await inPod('wget', '-qO-', `http://${await podAddress()}:8080/`)
    expect(self.split('\n').some(address => address !== '' && body.includes(address))).toBe(true)
  })

  test('ClusterIP, headless and NodePort Services answer', async () => {
    expect(await inPod('wget', '-qO-', `http://${await addressOf('svc', 'api', '{.spec.clusterIP}')}/`)).toContain(
      'api-',
    )
    expect(await inPod('wget', '-qO-', 'http://api-pods:8080/')).toContain('api-')
    await twin.kubectl(
      '-n',
      'production',
      'expose',
      'deployment',
      'api',
      '--type=NodePort',
      '--port=80',
      '--target-port=8080',
      '--name=api-np',
    )
    const port = await addressOf('svc', 'api-np', '{.spec.ports[0].nodePort}')
    const answer = await until('the node port answers the outside host', async () => {
      const got = await twin.fairlead('exec', 'client', '--', 'curl', '-s', '-m2', `http://172.18.0.12:${port}/`)
      return got.code === 0 && got.stdout
    })
    expect(answer).toContain('api-')
  })

  test('a Service without endpoints refuses at once', async () => {
    await twin.kubectl('-n', 'production', 'create', 'service', 'clusterip', 'nobody', '--tcp=80:80')
    const address = await addressOf('svc', 'nobody', '{.spec.clusterIP}')
    await until('refused', async () => {
      const result = await twin.tryKubectl([
        '-n',
        'production',
        'exec',
        'deploy/frontend',
        '--',
        'curl',
        '-sS',
        '-m3',
        `http://${address}/`,
      ])
      return result.code === CURL_CANNOT_CONNECT
    })
  })

  test('from outside neither a pod address nor a ClusterIP is reachable, while the front door is', async () => {
    const from = (seconds: '2' | '30', url: string, ...more: string[]) =>
      twin.fairlead(
        'exec',
        'client',
        '--',
        'curl',
        '-sk',
        '-m',
        seconds,
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        ...more,
        url,
      )
    expect((await from('2', `http://${await podAddress()}:8080/`)).stdout).toBe('000')
    expect((await from('2', `http://${await addressOf('svc', 'api', '{.spec.clusterIP}')}/`)).stdout).toBe('000')
    const name = 'api-production.apps.fairlead.test'
    expect((await from('30', `https://${name}/`, '--resolve', `${name}:443:172.18.0.100`)).stdout).toBe('200')
  })

  test("pods reach the internet with their node's address", async () => {
    const body = await inPod('wget', '-qO-', 'http://203.0.113.10/')
    expect(body).toMatch(/172\.18\.0\.1[1-3]/)
  })
})

describe('names', () => {
  const lookup = (...args: string[]) => inPod('dig', '+short', ...args)
  test('Service, headless, pod, reverse and SRV names, and those outside', async () => {
    const clusterIp = await addressOf('svc', 'api', '{.spec.clusterIP}')
    expect((await lookup('api.production.svc.cluster.local')).trim()).toBe(clusterIp)
    expect((await lookup('api-pods.production.svc.cluster.local')).trim().split('\n')).toHaveLength(4)
    const pod = await podAddress()
    expect((await lookup(`${pod.replaceAll('.', '-')}.production.pod.cluster.local`)).trim()).toBe(pod)
    expect((await lookup('-x', clusterIp)).trim()).toBe('api.production.svc.cluster.local.')
    expect(await lookup('SRV', '_http._tcp.api.production.svc.cluster.local')).toMatch(
      /^0 100 80 api\.production\.svc\.cluster\.local\.$/m,
    )
    expect((await lookup('payments-saas.production.svc.cluster.local')).trim()).toContain('api.payments.example.')
    expect((await lookup('shop.apps.fairlead.test')).trim()).toBe('172.18.0.100')
  })

  test('a name that does not exist is NXDOMAIN', async () => {
    expect(await inPod('dig', 'nothing.production.svc.cluster.local')).toContain('NXDOMAIN')
    expect(await inPod('dig', 'api.production.svc.cluster.local')).toContain('NOERROR')
  })
})

describe('operations', () => {
  test('DNS servers and routers are pods with logs, and come back when deleted', async () => {
    for (const [namespace, selector] of [
      ['openshift-dns', 'dns.operator.openshift.io/daemonset-dns=default'],
      ['openshift-ingress', 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller=default'],
    ] as const) {
      const names = async () =>
        (
          await twin.kubectl(
            '-n',
            namespace,
            'get',
            'pods',
            '-l',
            selector,
            '-o',
            'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name}{"\\n"}{end}',
          )
        )
          .trim()
          .split('\n')
      const before = await names()
      expect((await twin.kubectl('-n', namespace, 'logs', before[0]!, '--tail=5')).length).toBeGreaterThan(0)
      await twin.kubectl('-n', namespace, 'delete', 'pod', before[0]!, '--wait=true')
      await until('another in its place', async () => {
        const after = await names()
        return after.length === before.length && !after.includes(before[0]!)
      })
    }
    await served()
  })

  test('kubectl describe pod says how each container runs', async () => {
    const text = await twin.kubectl('-n', 'production', 'describe', 'pod', '-l', 'app=postgres')
    expect(text).toMatch(/stand-in/)
  })

  test('state outlives down and up', async () => {
    const before = await twin.kubectl(
      '-n',
      'production',
      'get',
      'svc',
      'api',
      '-o',
      'jsonpath={.spec.clusterIP} {.metadata.uid}',
    )
    expect((await twin.fairlead('down')).code).toBe(0)
    expect((await twin.fairlead('up')).code).toBe(0)
    expect(
      await twin.kubectl('-n', 'production', 'get', 'svc', 'api', '-o', 'jsonpath={.spec.clusterIP} {.metadata.uid}'),
    ).toBe(before)
    await served()
  })
})
