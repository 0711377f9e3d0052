/**
 * Other projects' definitions as they ship them, and what their own examples say is accepted and refused. They are fetched as Go
 * modules; where there is no Go they cannot be had.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { testAuthority } from '../http/testing-tls.ts'
import { type TestApi, testApi } from '../testing.ts'
import { type Answer, call } from '../testing-call.ts'
import { goModule, hasGo, type Manifest, manifestsIn } from '../testing-modules.ts'

const KUBECTL = ['/usr/lib/google-cloud-sdk/bin/kubectl.1.32', '/usr/local/bin/kubectl', '/usr/bin/kubectl'].find(
  path => existsSync(path),
)

interface Family {
  readonly name: string
  readonly module: string
  /** Folders of the module. */
  readonly definitions: string
  readonly accepted: readonly string[]
  readonly refused: readonly string[]
  /** Further objects, and what is said of them; each begins with one that is accepted. */
  readonly cases: readonly (readonly [kind: string, spec: object, wrong: object, text: string])[]
  /** Groups that the examples are about; they use others beside. */
  readonly groups: RegExp
}

const SECRET = { name: 'secret' }
const PODS = { namespaceSelector: {}, podSelector: {} }
const FAMILIES: readonly Family[] = [
  {
    name: 'Gateway API, standard',
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    definitions: 'config/crd/standard',
    accepted: ['examples/standard'],
    refused: ['hack/invalid-examples/standard'],
    cases: [],
    groups: /^gateway\.networking/,
  },
  {
    name: 'Gateway API, experimental',
    module: 'sigs.k8s.io/gateway-api@v1.6.3',
    definitions: 'config/crd/experimental',
    accepted: ['examples/standard', 'examples/experimental'],
    refused: ['hack/invalid-examples/standard', 'hack/invalid-examples/experimental'],
    cases: [],
    groups: /^gateway\.networking/,
  },
  {
    name: 'network-policy-api with AdminNetworkPolicies',
    module: 'sigs.k8s.io/network-policy-api@v0.1.7',
    definitions: 'config/crd/experimental',
    accepted: ['conformance/base'],
    refused: [],
    cases: [
      ['AdminNetworkPolicy', admin({}), admin({ priority: 1001 }), 'spec.priority: Invalid value'],
      ['AdminNetworkPolicy', admin({}), admin({ subject: { namespaces: {}, pods: PODS } }), 'spec.subject'],
      [
        'AdminNetworkPolicy',
        admin({ ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] }),
        admin({ ingress: [{ action: 'Refuse', from: [{ namespaces: {} }] }] }),
        'spec.ingress[0].action: Unsupported value: "Refuse"',
      ],
      [
        'AdminNetworkPolicy',
        admin({ ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] }),
        admin({ ingress: [{ action: 'Deny', from: [] }] }),
        'spec.ingress[0].from',
      ],
      ['AdminNetworkPolicy', admin(to('10.0.0.0/8')), admin(to('10.0.0/8')), 'Invalid CIDR format provided'],
      [
        'AdminNetworkPolicy',
        admin(to('10.0.0.0/8', { ports: [{ portNumber: { protocol: 'TCP', port: 1 } }] })),
        admin(to('10.0.0.0/8', { ports: [{ namedPort: 'web' }] })),
        'cannot be set with namedPort',
      ],
      ['BaselineAdminNetworkPolicy', baseline('10.0.0.0/8'), baseline('10.0.0.0'), 'Invalid CIDR format provided'],
    ],
    groups: /^policy\.networking/,
  },
  {
    name: 'network-policy-api with ClusterNetworkPolicies',
    module: 'sigs.k8s.io/network-policy-api@v0.2.0',
    definitions: 'config/crd/experimental',
    accepted: ['conformance/base'],
    refused: [],
    cases: [
      ['ClusterNetworkPolicy', cluster({}), cluster({ priority: 1001 }), 'spec.priority: Invalid value'],
      ['ClusterNetworkPolicy', cluster({}), cluster({ tier: 'Other' }), 'spec.tier: Unsupported value: "Other"'],
      ['ClusterNetworkPolicy', cluster(net('10.0.0.0/8')), cluster(net('10.0.0')), 'Invalid CIDR format provided'],
      [
        'ClusterNetworkPolicy',
        cluster(net('10.0.0.0/8', [{ tcp: { destinationPort: { range: { start: 1, end: 2 } } } }])),
        cluster(net('10.0.0.0/8', [{ tcp: { destinationPort: { range: { start: 2, end: 1 } } } }])),
        'Start port must be less than End port',
      ],
      [
        'ClusterNetworkPolicy',
        cluster(net('10.0.0.0/8', [{ tcp: { destinationPort: { number: 80 } } }])),
        cluster(net('10.0.0.0/8', [{ destinationNamedPort: 'web' }])),
        'cannot be set with namedPort',
      ],
    ],
    groups: /^policy\.networking/,
  },
  {
    name: 'MetalLB',
    module: 'go.universe.tf/metallb@v0.16.2',
    definitions: 'config/crd/bases',
    accepted: ['configsamples'],
    refused: [],
    cases: [
      [
        'BGPPeer',
        peer({ connectTime: '10s' }),
        peer({ connectTime: '0s' }),
        'connect time should be between 1 seconds to 65535',
      ],
      [
        'BGPPeer',
        peer({ connectTime: '10s' }),
        peer({ connectTime: '1500ms' }),
        'connect time should contain a whole number of seconds',
      ],
      ['BGPPeer', peer({ peerPort: 179 }), peer({ peerPort: 0 }), 'spec.peerPort'],
      ['BFDProfile', { receiveInterval: 300 }, { receiveInterval: 1 }, 'spec.receiveInterval'],
    ],
    groups: /^metallb\.io$/,
  },
  {
    name: 'cert-manager',
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    definitions: 'deploy/crds',
    accepted: ['test/fixtures/cert-manager-resources.yaml'],
    refused: [],
    cases: [
      [
        'ClusterIssuer',
        { venafi: { zone: 'z', cloud: { apiTokenSecretRef: SECRET } } },
        { venafi: { zone: 'z' } },
        'exactly one of tpp, cloud, or ngts must be configured',
      ],
      [
        'Issuer',
        { venafi: { zone: 'z', cloud: { apiTokenSecretRef: SECRET } } },
        { venafi: { zone: 'z', cloud: { apiTokenSecretRef: SECRET }, tpp: { url: 'u', credentialsRef: SECRET } } },
        'exactly one of tpp, cloud, or ngts must be configured',
      ],
      [
        'Certificate',
        { secretName: 's', issuerRef: SECRET, dnsNames: ['a'], privateKey: { algorithm: 'ECDSA' } },
        { secretName: 's', issuerRef: SECRET, dnsNames: ['a'], privateKey: { algorithm: 'ROT13' } },
        'spec.privateKey.algorithm: Unsupported value: "ROT13"',
      ],
    ],
    groups: /cert-manager\.io$/,
  },
]

function peer(more: object): object {
  return { myASN: 1, peerASN: 2, peerAddress: '10.0.0.1', ...more }
}
function admin(more: object): object {
  return { priority: 1, subject: { namespaces: {} }, ...more }
}
function to(network: string, more: object = {}): object {
  return { egress: [{ action: 'Deny', to: [{ networks: [network] }], ...more }] }
}
function baseline(network: string): object {
  return { subject: { namespaces: {} }, ...to(network) }
}
function cluster(more: object): object {
  return { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ...more }
}
function net(network: string, protocols?: readonly object[]): object {
  return { egress: [{ action: 'Deny', to: [{ networks: [network] }], ...(protocols ? { protocols } : {}) }] }
}

let home = ''
const authority = hasGo ? testAuthority() : undefined
beforeAll(() => {
  if (!authority) return
  authority.issue('admin', '/O=system:masters/CN=admin')
  home = mkdtempSync(join(authority.folder, 'home-'))
})
afterAll(() => {
  if (authority) rmSync(authority.folder, { recursive: true })
})

/** Runs kubectl on the API; resolves with what it said. */
async function kubectlOn(api: TestApi, ...args: string[]): Promise<string> {
  const { server } = api.server.listener({ ...authority!.issue('server', '/CN=server'), clientCa: authority!.ca })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const file = (name: string): string => join(authority!.folder, name)
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const user = ['--client-certificate', file('admin.crt'), '--client-key', file('admin.key')]
  const flags = ['--kubeconfig', file('none'), '--cache-dir', join(home, address.slice(-5)), '-s', address]
  writeFileSync(file('none'), '{}')
  return new Promise((resolve, reject) => {
    const all = [...flags, '--certificate-authority', file('ca.crt'), ...user, ...args]
    execFile(KUBECTL!, all, { env: { HOME: home }, maxBuffer: 1 << 24 }, (error, out, problem) =>
      error ? reject(new Error(problem)) : resolve(out + problem),
    )
  })
}

const DEFINITION = 'CustomResourceDefinition'
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

describe.skipIf(!hasGo).each(FAMILIES)('$name', { timeout: 60_000 }, family => {
  let folder = ''
  let api: TestApi
  beforeAll(async () => {
    folder = goModule(family.module)
    api = await testApi(systemClock)
  }, 300_000)
  afterAll(() => api?.close())

  let known: readonly Manifest[] | undefined
  const definitions = (): readonly Manifest[] => {
    known ??= manifestsIn(join(folder, family.definitions)).filter(({ object }) => object.kind === DEFINITION)
    return known
  }

  it('is taken as it is, and served at once', async () => {
    for (const { object } of definitions()) {
      const made = await call(api, `POST ${DEFINITIONS}?fieldValidation=Strict`, { body: object })
      expect([made.status, made.text.slice(0, made.status === 201 ? 0 : 2000)]).toEqual([201, ''])
      const { json } = await call(api, `GET ${DEFINITIONS}/${object.metadata.name}`)
      const established = json.status.conditions.find(({ type }: { type: string }) => type === 'Established')
      expect(established.status).toBe('True')
    }
    expect(definitions().length).toBeGreaterThan(0)
  })

  it.skipIf(!KUBECTL).each([['--server-side=false'], ['--server-side']])(
    'is applied by kubectl with %s, and again without a change',
    async how => {
      const fresh = await testApi(systemClock)
      try {
        // What kubectl would note in an annotation must fit into it: of larger ones upstream says the same.
        const isLarge = ({ object }: Manifest): boolean =>
          !how.endsWith('side') && JSON.stringify(object).length > 262_144
        for (const { file } of definitions().filter(isLarge))
          await expect(kubectlOn(fresh, 'apply', how, '-f', file)).rejects.toThrow(
            'metadata.annotations: Too long: may not be more than 262144 bytes',
          )
        const taken = definitions().filter(one => !isLarge(one))
        // Examples and kustomizations stand beside them.
        const files = [...new Set(taken.map(({ file }) => file))].flatMap(file => ['-f', file])
        const out = await kubectlOn(fresh, 'apply', how, ...files)
        for (const { object } of taken)
          expect(out).toMatch(new RegExp(`${object.metadata.name} (created|serverside-applied)`))
        expect(out).not.toContain('Warning')
        const before = fresh.store.revision
        await kubectlOn(fresh, 'apply', how, ...files)
        expect(fresh.store.revision).toBe(before)
      } finally {
        await fresh.close()
      }
    },
  )

  const create = (object: Manifest['object']): Promise<Answer> => {
    const [group, version] = object.apiVersion.split('/')
    const { spec } = definitions()
      .map(one => one.object)
      .find(one => one.spec.group === group && one.spec.names.kind === object.kind)
    const space = spec.scope === 'Namespaced' ? 'namespaces/default/' : ''
    const { namespace: _, ...metadata } = object.metadata
    const body = { ...object, metadata }
    const path = `/apis/${group}/${version}/${space}${spec.names.plural}?dryRun=All&fieldValidation=Strict`
    return call(api, `POST ${path}`, { body })
  }
  const examples = (folders: readonly string[]): readonly Manifest[] =>
    folders
      .flatMap(name => manifestsIn(join(folder, name)))
      .filter(({ object }) => family.groups.test(object.apiVersion.split('/')[0]))

  it('accepts its own examples', async () => {
    const wrong: string[] = []
    for (const { file, object } of examples(family.accepted)) {
      const { status, text } = await create(object)
      if (status !== 201) wrong.push(`${file}: ${text}`)
    }
    expect(wrong).toEqual([])
    expect(examples(family.accepted).length).toBeGreaterThan(0)
  })

  it('refuses what its own examples say is wrong', async () => {
    const accepted: string[] = []
    for (const file of new Set(examples(family.refused).map(one => one.file))) {
      const answers = await Promise.all(manifestsIn(file).map(({ object }) => create(object)))
      if (!answers.some(({ status }) => status === 422 || status === 400)) accepted.push(file)
    }
    expect(accepted).toEqual([])
  })

  it('refuses by its rules, in their words', async () => {
    for (const [kind, spec, wrong, text] of family.cases) {
      const { spec: definition } = definitions()
        .map(one => one.object)
        .find(one => one.spec.names.kind === kind)
      const version = definition.versions.find((one: { storage: boolean }) => one.storage).name
      const object = { apiVersion: `${definition.group}/${version}`, kind, metadata: { name: 'default' } }
      const right = await create({ ...object, spec })
      expect([kind, right.status, right.status === 201 ? '' : right.text]).toEqual([kind, 201, ''])
      const refused = await create({ ...object, spec: wrong })
      expect([refused.status, refused.json.message]).toEqual([422, expect.stringContaining(text)])
    }
  })
})
