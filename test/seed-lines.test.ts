/** Lines that people type from their notes, as written: each must print what a cluster prints. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Twin } from './harness.ts'
import { KUBECTL, run, startTwin, until } from './harness.ts'

let twin: Twin

/** OpenShift's own client, where there is one. */
const OC = ocCommand()

function ocCommand(): string | undefined {
  const named = process.env.FAIRLEAD_OC ?? 'oc'
  return spawnSync(named, ['version', '--client'], { stdio: 'ignore' }).status === 0 ? named : undefined
}

beforeAll(async () => {
  twin = await startTwin({ name: 'lines', args: ['--ephemeral'] })
  await twin.kubectl('apply', '-f', 'examples/shop/')
  // These lines are about Services and names; who may talk to whom has tests of its own.
  await twin.kubectl('-n', 'production', 'delete', 'networkpolicies', '--all')
  expect((await twin.fairlead('wait')).code).toBe(0)
  await twin.kubectl('-n', 'production', 'rollout', 'status', 'deploy/api', '--timeout=90s')
})
afterAll(async () => {
  await twin?.down()
})

/** kubectl with a terminal, as a person has it. */
const onTerminal = (command: string) =>
  run('script', ['-qec', command.replace(/^kubectl/, KUBECTL), '/dev/null'], { env: twin.env })

describe('Services', () => {
  test('kubectl expose deployment makes a Service whose address answers', async () => {
    await twin.kubectl(
      '-n',
      'production',
      'create',
      'deployment',
      'exposed',
      '--image=registry.example.com/exposed',
      '--port=8080',
    )
    await twin.kubectl(
      '-n',
      'production',
      'expose',
      'deployment',
      'exposed',
      '--port=80',
      '--target-port=8080',
      '--name=exposed',
    )
    await twin.kubectl('-n', 'production', 'rollout', 'status', 'deploy/exposed', '--timeout=90s')
    const answer = await until('an answer', async () => {
      const got = await twin.tryKubectl([
        '-n',
        'production',
        'exec',
        'deploy/frontend',
        '--',
        'wget',
        '-qO-',
        'http://exposed/health',
      ])
      return got.code === 0 && got
    })
    expect(answer.stdout).not.toBe('')
  })

  test('kubectl get svc,endpointslices -l app=api -o wide', async () => {
    const text = await twin.kubectl('-n', 'production', 'get', 'svc,endpointslices', '-l', 'app=api', '-o', 'wide')
    expect(text).toMatch(/^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR$/m)
    expect(text).toMatch(
      /^service\/api +ClusterIP +172\.30\.\d+\.\d+ +<none> +80\/TCP,9090\/TCP +\S+ +app=api,track=stable$/m,
    )
    expect(text).toMatch(/^service\/api-pods +ClusterIP +None +<none> +8080\/TCP/m)
    expect(text).toMatch(/^NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE$/m)
    expect(text).toMatch(
      /^endpointslice\.discovery\.k8s\.io\/api-\w+ +IPv4 +[\d,]+ +10\.\d+\.\d+\.\d+,10\.\d+\.\d+\.\d+,10\.\d+\.\d+\.\d+ /m,
    )
  })

  test('kubectl run tmp --rm -it --image=busybox -- wget -qO- http://api.production.svc:80/health', async () => {
    const result = await onTerminal(
      'kubectl run tmp --rm -it --image=busybox -- wget -qO- http://api.production.svc:80/health',
    )
    expect(result.code, result.stdout + result.stderr).toBe(0)
    expect(result.stdout).toMatch(/\bok\r?$/m)
    expect(result.stdout).toContain('pod "tmp" deleted')
  })

  test('kubectl get endpointslices -A -l kubernetes.io/service-name=api', async () => {
    const text = await twin.kubectl('get', 'endpointslices', '-A', '-l', 'kubernetes.io/service-name=api')
    expect(text).toMatch(/^NAMESPACE +NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE\nproduction +api-\w+ +IPv4/)
  })

  test('kubectl describe endpointslices', async () => {
    const text = await twin.kubectl(
      'describe',
      'endpointslices',
      '-n',
      'production',
      '-l',
      'kubernetes.io/service-name=api',
    )
    expect(text).toMatch(/AddressType: +IPv4/)
    expect(text).toMatch(/http +8080 +TCP/)
    expect(text).toMatch(/Ready: +true/)
    expect(text).toMatch(/TargetRef: +Pod\/api-/)
  })

  test('kubectl get endpoints api -o yaml', async () => {
    const text = await twin.kubectl('get', 'endpoints', 'api', '-n', 'production', '-o', 'yaml')
    expect(text).toContain('kind: Endpoints')
    expect(text.match(/- ip: 10\./g)).toHaveLength(3)
    expect(text).toMatch(/name: http\n +port: 8080\n +protocol: TCP/)
  })
})

describe('names', () => {
  test('nslookup from a pod', async () => {
    const result = await onTerminal(
      'kubectl run dnsutils --rm -it --image=tutum/dnsutils -- nslookup api.production.svc.cluster.local',
    )
    const clusterIp = await twin.kubectl('-n', 'production', 'get', 'svc', 'api', '-o', 'jsonpath={.spec.clusterIP}')
    expect(result.stdout).toContain('172.30.0.10')
    expect(result.stdout).toContain(clusterIp)
  })

  test('kubectl exec -it deploy/api -- cat /etc/resolv.conf', async () => {
    const result = await onTerminal('kubectl -n production exec -it deploy/api -- cat /etc/resolv.conf')
    expect(result.code, result.stdout).toBe(0)
    expect(result.stdout.replaceAll('\r', '')).toContain(
      'search production.svc.cluster.local svc.cluster.local cluster.local\nnameserver 172.30.0.10\noptions ndots:5',
    )
  })
})

describe('the way in', () => {
  test('kubectl get ingressclass', async () => {
    const text = await twin.kubectl('get', 'ingressclass')
    expect(text).toMatch(/^NAME +CONTROLLER +PARAMETERS +AGE$/m)
    expect(text).toMatch(
      /^openshift-default +openshift\.io\/ingress-to-route +IngressController\.operator\.openshift\.io\/default /m,
    )
  })

  test('kubectl get route api -o yaml', async () => {
    const text = await twin.kubectl('-n', 'production', 'get', 'route', 'api', '-o', 'yaml')
    expect(text).toMatch(/^ {2}host: api-production\.apps\.fairlead\.test$/m)
    expect(text).toMatch(/type: Admitted/)
    expect(text).toMatch(/wildcardPolicy: None/)
  })

  test('kubectl get route, with shares, hosts by jsonpath, and all Ingresses by columns', async () => {
    const text = await twin.kubectl('-n', 'production', 'get', 'route')
    expect(text).toMatch(/^NAME +HOST\/PORT +PATH +SERVICES +PORT +TERMINATION +WILDCARD$/m)
    expect(text).toMatch(
      /^api +api-production\.apps\.fairlead\.test +api\(90%\),api-canary\(10%\) +http +edge\/Redirect +None$/m,
    )
    const hosts = await twin.kubectl('-n', 'production', 'get', 'route', '-o', 'jsonpath={.items[*].spec.host}')
    expect(hosts.split(' ')).toContain('api-production.apps.fairlead.test')
    const columns =
      'custom-columns=NS:.metadata.namespace,NAME:.metadata.name,CLASS:.spec.ingressClassName,HOSTS:.spec.rules[*].host,ADDR:.status.loadBalancer.ingress[*].ip'
    const ingresses = await twin.kubectl('get', 'ingress', '-A', '-o', columns)
    expect(ingresses).toMatch(
      /^NS +NAME +CLASS +HOSTS +ADDR\nproduction +api-ingress +nginx +api\.example\.com +<none>$/m,
    )
  })

  test.skipIf(!OC)(
    'oc expose svc/api --hostname, create route edge, get, describe (without oc in the PATH left out)',
    async () => {
      const oc = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await run(OC!, ['-n', 'production', ...args], { env: twin.env })
        expect(code, stderr).toBe(0)
        return stdout
      }
      const host = 'exposed.apps.fairlead.test'
      expect(await oc('expose', 'svc/api', '--name=exposed', `--hostname=${host}`)).toBe(
        'route.route.openshift.io/exposed exposed\n',
      )
      expect(await oc('create', 'route', 'edge', 'edged', '--service=api', '--hostname=edged.apps.fairlead.test')).toBe(
        'route.route.openshift.io/edged created\n',
      )
      await until('both are admitted', async () =>
        /(?:Admitted.*){2}/.test(
          await oc(
            'get',
            'route',
            'exposed',
            'edged',
            '-o',
            'jsonpath={.items[*].status.ingress[*].conditions[*].type}',
          ),
        ),
      )
      const text = await oc('get', 'route', 'exposed', 'edged')
      expect(text).toMatch(/^edged +edged\.apps\.fairlead\.test +api +http +edge +None$/m)
      expect(text).toMatch(/^exposed +exposed\.apps\.fairlead\.test +api +http +None$/m)
      const told = await oc('describe', 'route', 'exposed')
      expect(told).toMatch(/^Requested Host:\t\texposed\.apps\.fairlead\.test$/m)
      expect(told).toMatch(/exposed on router default \(host router-default\.apps\.fairlead\.test\)/)
      expect(told).toMatch(/^Service:\tapi\nWeight:\t\t100 \(100%\)\nEndpoints:\t(10\.\d+\.\d+\.\d+:8080, ){2}10\./m)
      await oc('delete', 'route', 'exposed', 'edged')
    },
  )

  test('kubectl describe ingress api-ingress', async () => {
    const text = await twin.kubectl('describe', 'ingress', 'api-ingress', '-n', 'production')
    expect(text).toMatch(/Ingress Class: +nginx/)
    expect(text).toMatch(/api-tls terminates api\.example\.com/)
    expect(text).toMatch(/\/v1 +api:80 \(10\.[\d.]+:8080,10\.[\d.]+:8080,10\.[\d.]+:8080\)/)
  })

  test('kubectl get ingresscontroller -n openshift-ingress-operator, and what the cluster says of ingress', async () => {
    const controllers = await twin.kubectl('get', 'ingresscontroller', '-n', 'openshift-ingress-operator')
    expect(controllers).toMatch(/^NAME +AGE\ndefault +\d+\w+$/m)
    const operator = await twin.kubectl('get', 'co', 'ingress')
    expect(operator).toMatch(/^NAME +VERSION +AVAILABLE +PROGRESSING +DEGRADED +SINCE +MESSAGE$/m)
    expect(operator).toMatch(
      /^ingress +\S+ +True +False +False +\d+\w+ +The "default" ingress controller reports Available=True\.$/m,
    )
  })
})

test('an access log that goes to a container is what kubectl logs -c logs prints', async () => {
  const namespace = 'openshift-ingress'
  const patch = async (logging: object | null): Promise<void> => {
    const text = JSON.stringify({ spec: { logging } })
    const where = ['-n', 'openshift-ingress-operator', 'ingresscontroller', 'default']
    await twin.kubectl('patch', ...where, '--type=merge', '-p', text)
    expect((await twin.fairlead('wait')).code).toBe(0)
    await twin.kubectl('-n', namespace, 'rollout', 'status', 'deploy/router-default', '--timeout=90s')
  }
  await patch({ access: { destination: { type: 'Container' } } })
  const line = await until('a line of the request', async () => {
    await twin.curl('-H', 'Host: nobody.example.com', `http://127.0.0.1:${twin.state.http}/told`)
    const all = await twin.tryKubectl(['-n', namespace, 'logs', 'deploy/router-default', '-c', 'logs'])
    return all.stdout.split('\n').find(text => text.includes('told'))
  })
  expect(JSON.parse(line)).toMatchObject({ frontend: 'public', host: 'nobody.example.com', status: 503 })
  const own = await twin.kubectl('-n', namespace, 'logs', 'deploy/router-default', '-c', 'router')
  expect(own).toContain('HAProxy serves')
  expect(own).not.toContain('nobody.example.com')
  await patch(null)
})
