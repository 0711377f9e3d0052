import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CertificateSigningRequest } from '../../api/certificates/certificate-signing-request.ts'
import { type TestApi, testApi } from '../../apiserver/testing.ts'
import { call } from '../../apiserver/testing-call.ts'
import { createEventRecorder } from '../../client/events.ts'
import { createInformers } from '../../client/informers.ts'
import { createProgress } from '../../client/progress.ts'
import { eventually } from '../../client/testing.ts'
import { fakeClock } from '../../host/clock/fake.ts'
import { silent } from '../../lib/log.ts'
import { certify, issue, makeAuthority } from '../../twin/pki.ts'
import { startCertificates } from './controller.ts'

const NOW = Date.now()
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const ca = makeAuthority('test-ca', NOW)
const folder = mkdtempSync(join(tmpdir(), 'fairlead-csr-'))
afterAll(() => rmSync(folder, { recursive: true }))
let clock: ReturnType<typeof fakeClock>
let api: TestApi
let stop: AbortController

beforeEach(async () => {
  stop = new AbortController()
  clock = fakeClock(NOW)
  api = await testApi(clock)
  const deps = { client: api.client, clock, log: silent, progress: createProgress() }
  const informers = createInformers(deps, stop.signal)
  const events = (component: string) => createEventRecorder(deps, { component })
  const sign = (order: Parameters<typeof certify>[1]) => certify(ca, order)
  await startCertificates({ ...deps, informers, events }, { sign }, stop.signal)
})
afterEach(async () => {
  stop.abort(new Error('the test has ended'))
  await api.close()
})

interface Asked {
  readonly key: string
  readonly request: string
}

/** By openssl: what clients bring is not made by our own code. */
function ask(subject: string, names = '', kind: 'rsa' | 'ec' | 'ed25519' = 'ec'): Asked {
  const key = join(folder, 'key')
  const algorithm = {
    rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ec: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ed25519: ['-algorithm', 'ED25519'],
  }[kind]
  execFileSync('openssl', ['genpkey', ...algorithm, '-out', key], { stdio: 'ignore' })
  const alternatives = names === '' ? [] : ['-addext', `subjectAltName=${names}`]
  const made = execFileSync('openssl', ['req', '-new', '-key', key, '-subj', subject, ...alternatives])
  return { key: readFileSync(key, 'utf8'), request: made.toString('base64') }
}

const CLIENT = 'kubernetes.io/kube-apiserver-client'
const USAGES = ['digital signature', 'client auth']
const post = (name: string, spec: object, user?: { name: string; groups: readonly string[] }) =>
  call(api, `POST ${CSRS}`, { body: { metadata: { name }, spec }, ...(user ? { user } : {}) })
const decide = async (name: string, type: string) => {
  const { json } = await call(api, `GET ${CSRS}/${name}`)
  const conditions = [...(json.status?.conditions ?? []), { type, status: 'True', reason: 'Test', message: 'm' }]
  return call(api, `PUT ${CSRS}/${name}/approval`, { body: { ...json, status: { ...json.status, conditions } } })
}
const stored = (name: string) => api.client.find(CertificateSigningRequest, { name })
type Status = NonNullable<CertificateSigningRequest['status']>
async function statusWhen(name: string, isThere: (status: Status) => boolean): Promise<Status> {
  let status: Status | undefined
  for (let round = 0; round < 500; round++) {
    status = (await stored(name))?.status
    if (status && isThere(status)) return status
    await clock.advance(10)
  }
  throw new Error(`it never came: ${JSON.stringify(status)}`)
}
const certificateOf = async (name: string): Promise<string> => {
  const { certificate } = await statusWhen(name, one => one.certificate !== undefined)
  return Buffer.from(certificate!, 'base64').toString()
}

describe('a request for a client certificate', () => {
  it.each(['ec', 'rsa', 'ed25519'] as const)(
    'with an %s key is signed once approved, not before, not when denied',
    async kind => {
      const { request, key } = ask('/O=devs/O=ops/CN=jane', '', kind)
      const spec = { request, signerName: CLIENT, usages: USAGES, expirationSeconds: 86_400 }
      const made = await post('jane', spec, { name: 'root', groups: ['system:masters'] })
      expect(made.status, made.text).toBe(201)
      expect(made.json.spec).toMatchObject({ username: 'root', groups: ['system:masters'] })
      await post('denied', spec)
      expect((await decide('denied', 'Denied')).status).toBe(200)
      expect((await stored('jane'))?.status?.certificate).toBeUndefined()
      expect((await decide('jane', 'Approved')).status).toBe(200)
      const certificate = new X509Certificate(await certificateOf('jane'))
      expect(certificate.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true)
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
      expect(certificate.subject.split('\n').sort()).toEqual(['CN=jane', 'O=devs', 'O=ops'])
      expect(certificate.ca).toBe(false)
      expect(Date.parse(certificate.validTo) - NOW).toBeLessThanOrEqual(86_400_000)
      expect(Date.parse(certificate.validTo) - NOW).toBeGreaterThan(86_000_000)
      expect((await stored('denied'))?.status?.certificate).toBeUndefined()
    },
  )

  it('then says who a client is', async () => {
    const { request, key } = ask('/O=devs/CN=jane')
    await post('jane', { request, signerName: CLIENT, usages: USAGES })
    await decide('jane', 'Approved')
    const cert = await certificateOf('jane')
    const server = issue(ca, { commonName: 'api', names: ['127.0.0.1'] }, NOW)
    const listener = api.server.listener({ cert: server.certificate, key: server.key, clientCa: ca.certificate }).server
    await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const text = await new Promise<string>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path, method: 'POST', ca: ca.certificate, cert, key }
      const asking = httpsRequest({ ...options, headers: { 'content-type': 'application/json' } }, answer => {
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk))
        answer.on('end', () => resolve(Buffer.concat(chunks).toString()))
      })
      asking.on('error', reject).end('{}')
    })
    expect(JSON.parse(text).status.userInfo).toEqual({ username: 'jane', groups: ['devs', 'system:authenticated'] })
  })

  it('fails when it is for something else', async () => {
    const { request } = ask('/CN=jane')
    await post('server', { request, signerName: CLIENT, usages: ['server auth', 'client auth'] })
    await decide('server', 'Approved')
    const { conditions } = await statusWhen('server', ({ conditions = [] }) => conditions.length === 2)
    expect(conditions![1]).toMatchObject({
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    })
  })

  it('of another signer stays as it is', async () => {
    const { request } = ask('/CN=jane')
    await post('other', { request, signerName: 'example.com/mine', usages: USAGES })
    await decide('other', 'Approved')
    await post('ours', { request, signerName: CLIENT, usages: USAGES })
    await decide('ours', 'Approved')
    await certificateOf('ours')
    expect((await stored('other'))?.status?.certificate).toBeUndefined()
  })

  it('goes an hour after it was decided, a day after it was made', async () => {
    const { request } = ask('/CN=jane')
    await post('decided', { request, signerName: CLIENT, usages: USAGES })
    await decide('decided', 'Approved')
    await post('open', { request, signerName: CLIENT, usages: USAGES })
    await certificateOf('decided')
    await clock.advance(3_700_000)
    await gone('decided')
    expect(await stored('open')).toBeDefined()
    await clock.advance(24 * 3_600_000)
    await gone('open')
  })
})

async function gone(name: string): Promise<void> {
  const key = `certificates.k8s.io/certificatesigningrequests/${name}`
  await eventually(() => api.store.get(key) === undefined)
}

describe('a node', () => {
  const spec = (signer: string, usage: string, request: string) => ({
    request,
    signerName: `kubernetes.io/${signer}`,
    usages: ['digital signature', usage],
  })
  const NODE = { name: 'system:node:n1', groups: ['system:nodes'] }

  it('that may gets its own client certificate without being asked, and nobody else does', async () => {
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'renew' },
        roleRef: {
          kind: 'ClusterRole',
          name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
          apiGroup: 'rbac.authorization.k8s.io',
        },
        subjects: [{ kind: 'Group', name: 'system:nodes', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    })
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'nodes' },
        roleRef: { kind: 'ClusterRole', name: 'system:node', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'Group', name: 'system:nodes', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    })
    const { request } = ask('/O=system:nodes/CN=system:node:n1')
    const { request: others } = ask('/O=system:nodes/CN=system:node:n2')
    expect((await post('others', spec('kube-apiserver-client-kubelet', 'client auth', others), NODE)).status).toBe(201)
    await post('own', spec('kube-apiserver-client-kubelet', 'client auth', request), NODE)
    expect(new X509Certificate(await certificateOf('own')).subject).toContain('CN=system:node:n1')
    expect((await stored('own'))?.status?.conditions?.[0]).toMatchObject({ type: 'Approved', reason: 'AutoApproved' })
    expect(await stored('others')).toBeDefined()
    expect((await stored('others'))?.status).toEqual({})
  })

  it('gets a serving certificate for its addresses once somebody approves', async () => {
    const { request } = ask('/O=system:nodes/CN=system:node:n1', 'DNS:n1,IP:10.0.0.1')
    const { request: bare } = ask('/O=system:nodes/CN=system:node:n1')
    await post('serving', spec('kubelet-serving', 'server auth', request))
    await post('bare', spec('kubelet-serving', 'server auth', bare))
    await decide('serving', 'Approved')
    await decide('bare', 'Approved')
    expect(new X509Certificate(await certificateOf('serving')).subjectAltName).toBe('DNS:n1, IP Address:10.0.0.1')
    const { conditions } = await statusWhen('bare', one => one.conditions?.length === 2)
    expect(conditions![1]!.message).toBe('at least one DNS or IP subjectAltName is required')
  })
})

describe('what is refused', () => {
  const VALID = { signerName: CLIENT, usages: USAGES }
  it.each([
    ['no request', { request: Buffer.from('x').toString('base64') }, 'PEM block type must be CERTIFICATE REQUEST'],
    ['no usages', { usages: [] }, 'spec.usages: Required value'],
    ['usages nobody knows', { usages: ['flying'] }, 'spec.usages[0]: Unsupported value: "flying"'],
    ['a usage twice', { usages: ['client auth', 'client auth'] }, 'spec.usages[1]: Duplicate value: "client auth"'],
    ['the legacy signer', { signerName: 'kubernetes.io/legacy-unknown' }, 'is not allowed via this API version'],
    ['a signer without a domain', { signerName: 'mine' }, 'must be a fully qualified domain and path'],
    ['a moment', { expirationSeconds: 599 }, 'may not specify a duration less than 600 seconds (10 minutes)'],
  ])('%s', async (_, wrong, text) => {
    const { request } = ask('/CN=jane')
    expect((await post('right', { request, ...VALID })).status).toBe(201)
    const { status, json } = await post('wrong', { request, ...VALID, ...wrong })
    expect([status, json.message]).toEqual([422, expect.stringContaining(text)])
  })

  it('a signature of another key', async () => {
    const whole = Buffer.from(
      Buffer.from(ask('/CN=jane').request, 'base64')
        .toString()
        .replace(/-----[^-]+-----|\n/g, ''),
      'base64',
    )
    whole[40]! ^= 1
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${whole.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
    const { status } = await post('forged', { request: Buffer.from(pem).toString('base64'), ...VALID })
    expect(status).toBe(422)
  })

  it('everything for the asking', async () => {
    const { request } = ask('/O=system:masters/CN=eve')
    const { json } = await post('eve', { request, ...VALID })
    expect(json.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "eve" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    )
  })

  it('decisions by those who may not, elsewhere, twice, or taken back', async () => {
    const { request } = ask('/CN=jane')
    const spec = { request, signerName: 'example.com/mine', usages: USAGES }
    await post('jane', spec)
    const { json: made } = await call(api, `GET ${CSRS}/jane`)
    const approved = { ...made, status: { conditions: [{ type: 'Approved', status: 'True' }] } }
    const elsewhere = await call(api, `PUT ${CSRS}/jane/status`, { body: approved })
    expect(elsewhere.json.message).toContain('updates may not add a condition of type "Approved"')
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterroles', {
      body: {
        metadata: { name: 'half' },
        rules: [{ apiGroups: ['certificates.k8s.io'], resources: ['*'], verbs: ['update'] }],
      },
    })
    await call(api, 'POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      body: {
        metadata: { name: 'half' },
        roleRef: { kind: 'ClusterRole', name: 'half', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    })
    const user = { name: 'eve', groups: ['system:authenticated'] }
    const refused = await call(api, `PUT ${CSRS}/jane/approval`, { body: approved, user })
    expect([refused.status, refused.json.message]).toEqual([
      403,
      'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: user not permitted to approve requests with signerName "example.com/mine"',
    ])
    expect((await decide('jane', 'Approved')).status).toBe(200)
    expect((await decide('jane', 'Denied')).json.message).toContain('mutually exclusive')
    const { json: now } = await call(api, `GET ${CSRS}/jane`)
    const back = await call(api, `PUT ${CSRS}/jane/approval`, { body: { ...now, status: {} } })
    expect(back.json.message).toContain('updates may not remove a condition of type "Approved"')
    const spec2 = { ...now, spec: { ...now.spec, username: 'eve' } }
    expect((await call(api, `PUT ${CSRS}/jane`, { body: spec2 })).json.spec).toEqual(now.spec)
  })
})
