import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../host/clock/real.ts'
import type { TestApi } from './testing.ts'
import { testApi } from './testing.ts'
import { type Kubectl, type KubectlRun, kubectlFor } from './testing-kubectl.ts'

let api: TestApi
let client: Kubectl
beforeAll(async () => {
  api = await testApi(systemClock)
  client = await kubectlFor(api)
})
afterAll(() => api.close())

const run = (line: string, input?: string): Promise<KubectlRun> => client.run(line, input)
const kubectl = (line: string, input?: string): Promise<string> => client.must(line, input)

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: nginx, env: [{name: A, value: "1"}, {name: B, value: "2"}], ports: [{containerPort: 80}]}
      - {name: side, image: busybox}
`
const DEFINITION = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: 'Size', type: 'string', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'string', description: 'How big it is.', enum: ['small', 'large'] } },
              },
            },
          },
        },
      },
    ],
  },
})

describe('kubectl', () => {
  it('sees a server of 1.33 and what it serves', async () => {
    expect(await kubectl('version')).toContain('Server Version: v1.33.13')
    const resources = await kubectl('api-resources')
    expect(resources).toMatch(/^configmaps +cm +v1 +true +ConfigMap$/m)
    expect(resources).toMatch(/^routes +route.openshift.io\/v1 +true +Route$/m)
    expect(await kubectl('api-versions')).toContain('networking.k8s.io/v1')
    expect(await kubectl('auth whoami')).toMatch(/Username +admin/)
    expect(await kubectl('auth can-i delete nodes')).toBe('yes')
  })

  it('creates by protobuf, gets by table and as YAML, labels, describes and deletes', async () => {
    expect(await kubectl('create namespace shop')).toBe('namespace/shop created')
    expect(await kubectl('-n shop create configmap conf --from-literal=a=b')).toBe('configmap/conf created')
    expect(await kubectl('-n shop create secret generic key --from-literal=token=s3cret')).toBe('secret/key created')
    expect(await kubectl('-n shop create service clusterip svc --tcp=80:8080')).toBe('service/svc created')
    expect(await kubectl('-n shop get configmap conf --no-headers')).toMatch(/^conf +1 +\d+s$/)
    expect(await kubectl('-n shop get configmap conf -o yaml')).toMatch(
      /^apiVersion: v1\ndata:\n {2}a: b\nkind: ConfigMap\n/,
    )
    expect(await kubectl('-n shop get secret key -o jsonpath={.data.token}')).toBe(
      Buffer.from('s3cret').toString('base64'),
    )
    expect(await kubectl('-n shop label configmap conf tier=x')).toBe('configmap/conf labeled')
    expect(await kubectl('-n shop annotate configmap conf note=y')).toBe('configmap/conf annotated')
    expect(await kubectl('-n shop get configmap -l tier=x -o name')).toBe('configmap/conf')
    const described = await kubectl('-n shop describe configmap conf')
    expect(described).toMatch(/Labels: +tier=x\nAnnotations: +note: y/)
    expect(await kubectl('-n shop describe service svc')).toMatch(/IP: +172\.30\./)
    expect(await kubectl('-n shop delete configmap conf')).toBe('configmap "conf" deleted')
    expect((await run('-n shop get configmap conf')).err).toBe(
      'Error from server (NotFound): configmaps "conf" not found',
    )
  })

  it('watches', async () => {
    const child = spawn(
      client.program,
      ['-n', 'shop', 'get', 'configmap', '-w', '--output-watch-events', '--no-headers'],
      {
        env: client.env,
      },
    )
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    await kubectl('-n shop create configmap seen --from-literal=a=b')
    expect((await lines.next()).value).toMatch(/^ADDED +seen +1/)
    await kubectl('-n shop delete configmap seen')
    expect((await lines.next()).value).toMatch(/^DELETED +seen +1/)
    child.kill()
  })

  it('applies: nothing twice, removals by merge keys, conflicts by server side', async () => {
    expect(await kubectl('apply -f -', DEPLOYMENT)).toBe('deployment.apps/web created')
    expect(await kubectl('apply -f -', DEPLOYMENT)).toBe('deployment.apps/web unchanged')
    const fewer = DEPLOYMENT.replace(', {name: B, value: "2"}', '').replace(
      '      - {name: side, image: busybox}\n',
      '',
    )
    expect((await run('diff -f -', fewer)).out).toContain('-        - name: B')
    expect(await kubectl('apply -f -', fewer)).toBe('deployment.apps/web configured')
    expect(
      await kubectl('-n shop get deployment web -o jsonpath={.spec.template.spec.containers[*].env[*].name}'),
    ).toBe('A')
    expect(await kubectl('-n shop set image deployment/web c=nginx:2')).toBe('deployment.apps/web image updated')
    expect(await kubectl('-n shop scale deployment web --replicas=5')).toBe('deployment.apps/web scaled')
    const forced = await run('apply --server-side -f -', fewer)
    expect(forced.err).toContain(
      'conflicts with "kubectl-set" using apps/v1:\n- .spec.template.spec.containers[name="c"].image',
    )
    expect(forced.err).toContain('with subresource "scale" using apps/v1:\n- .spec.replicas')
    expect(await kubectl('apply --server-side --force-conflicts -f -', fewer)).toBe(
      'deployment.apps/web serverside-applied',
    )
    expect((await run('apply -f -', DEPLOYMENT.replace('replicas:', 'replicaz:'))).err).toContain(
      'unknown field "spec.replicaz"',
    )
    expect(await kubectl('apply --dry-run=server -f -', DEPLOYMENT.replace('name: web', 'name: dry'))).toBe(
      'deployment.apps/dry created (server dry run)',
    )
    expect((await run('-n shop get deployment dry')).code).toBe(1)
  })

  it('replaces, patches in every way, and waits', async () => {
    const yaml = await kubectl('-n shop get deployment web -o yaml')
    expect(await kubectl('replace -f -', yaml.replace(/^ {2}replicas: .*$/m, '  replicas: 4'))).toBe(
      'deployment.apps/web replaced',
    )
    for (const [type, patch] of [
      ['merge', '{"spec":{"replicas":6}}'],
      ['json', '[{"op":"replace","path":"/spec/replicas","value":7}]'],
      ['strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"c","tty":true}]}}}}'],
    ])
      expect(await kubectl(`-n shop patch deployment web --type=${type} -p ${patch}`)).toBe(
        'deployment.apps/web patched',
      )
    expect(
      await kubectl('-n shop get deployment web -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].tty}'),
    ).toBe('7,true')
    const waiting = kubectl('-n shop wait deployment web --for=jsonpath={.spec.replicas}=8 --timeout=90s')
    await kubectl('-n shop scale deployment web --replicas=8')
    expect(await waiting).toBe('deployment.apps/web condition met')
  })

  it('explains, built-in kinds and custom ones alike', async () => {
    expect(await kubectl('explain deployment.spec.template.spec.containers.ports')).toContain(
      'containerPort\t<integer> -required-',
    )
    expect(await kubectl('apply -f -', DEFINITION)).toBe(
      'customresourcedefinition.apiextensions.k8s.io/widgets.example.com created',
    )
    await kubectl('wait --for=condition=Established crd/widgets.example.com --timeout=90s')
    const widget = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a', namespace: 'shop' },
      spec: { size: 'small' },
    }
    expect(await kubectl('apply -f -', JSON.stringify(widget))).toBe('widget.example.com/a created')
    expect(await kubectl('-n shop get wd --no-headers')).toMatch(/^a +small$/)
    expect(await kubectl('explain widget.spec.size')).toContain('How big it is.')
    const wrong = await run('apply -f -', JSON.stringify({ ...widget, spec: { size: 'huge' } }))
    expect(wrong.err).toContain('The Widget "a" is invalid: spec.size: Unsupported value: "huge"')
    expect(await kubectl('delete crd widgets.example.com')).toContain('deleted')
    expect((await run('-n shop get wd')).code).toBe(1)
  })

  it('lists large collections in pages', async () => {
    const names = Array.from({ length: 1100 }, (_, i) => `m${i}`)
    await Promise.all(
      names.map(name =>
        api.client.request('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name } }),
      ),
    )
    expect((await kubectl('-n kube-system get configmap -o name')).split('\n')).toHaveLength(1100)
  })

  it('is told what it did wrong, in the words it knows', async () => {
    const refusals: readonly (readonly [string, string])[] = [
      ['-n none create configmap a', 'error: failed to create configmap: namespaces "none" not found'],
      [
        'create configmap A_b',
        'ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain',
      ],
      ['get nothing', 'error: the server doesn\'t have a resource type "nothing"'],
      [
        'delete namespace default',
        'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
      ],
      ['get pods --field-selector=spec.foo=x', 'field label not supported: spec.foo'],
    ]
    for (const [line, text] of refusals) expect((await run(line)).err).toContain(text)
  })
})

const SDK = '/usr/lib/google-cloud-sdk/bin'
const VERSIONS = [27, 28, 29, 30, 31, 32, 33].map(minor => `${SDK}/kubectl.1.${minor}`).filter(path => existsSync(path))

describe.skipIf(VERSIONS.length === 0).each(VERSIONS)('%s', path => {
  const explain = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) =>
      execFile(
        path,
        ['explain', ...args, '--cache-dir', `${client.env.HOME}/${path.slice(-2)}`],
        { env: client.env },
        (error, out) => (error ? reject(error) : resolve(out)),
      ),
    )
  it('explains fields by the documents of both versions', async () => {
    for (const output of ['plaintext', 'plaintext-openapiv2']) {
      expect(await explain('services.spec.clusterIP', `--output=${output}`)).toContain('clusterIP')
      expect(await explain('pods.spec.containers', `--output=${output}`)).toContain('livenessProbe')
      expect(await explain('csr.spec', `--output=${output}`)).toContain('signerName')
    }
  })
})
