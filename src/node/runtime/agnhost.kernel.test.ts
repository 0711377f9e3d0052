import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import { ip } from '../../lib/ip.ts'
import { probe } from '../probe/probe.ts'
import { convert } from './builtins/agnhost/webhook/conversion.ts'
import { selfSigned } from './certificate.ts'
import { ending, logText } from './conformance.ts'
import type { ContainerSpec } from './mod.ts'
import { closePods, curl, deps, exec, folder, inPod, netns, pod, runtime } from './testing-pods.ts'

afterAll(closePods)

const run = (uid: string, args: readonly string[], more: Partial<ContainerSpec> = {}) =>
  pod(uid, { image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args, ...more })
const status = (uid: string, url: string) => curl(uid, '-k', '-o', '/dev/null', '-w', '%{http_code}', url)
const code = async (uid: string) => (await ending(runtime, uid)).phase

test('netexec: what it says of wrong questions, and of itself', async () => {
  await run('netexec', ['netexec'])
  const get = (path: string) => curl('netexec', `http://127.0.0.1:8080${path}`)
  expect(await get('/')).toMatch(/^NOW: 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC m=\+0\.\d+$/)
  expect(await get('/echo?msg=a&code=x')).toBe('argument \'code\' must be an integer or empty, got "x"\n')
  expect(await get('/dial?host=127.0.0.1&port=8080')).toBe('request parameter not specified. <nil>\n')
  expect(await get('/dial?host=127.0.0.1&port=8080&request=hostname&protocol=x')).toBe('unsupported protocol. x\n')
  expect(JSON.parse(await get('/dial?host=127.0.0.1&port=8080&request=hostname'))).toEqual({
    responses: ['netexec-host'],
  })
  expect(JSON.parse(await get('/dial?host=127.0.0.1&port=8081&protocol=udp&request=echo%20hi'))).toEqual({
    responses: ['hi'],
  })
  expect(JSON.parse(await get('/shell?cmd=echo%20a;echo%20b%20%3E%262;exit%203'))).toEqual({
    output: 'a\nb\n',
    error: 'exit status 3',
  })
  expect(await curl('netexec', '-D-', 'http://127.0.0.1:8080/redirect?location=/hostname&code=307')).toMatch(
    /^HTTP\/1.1 307 .*^location: \/hostname\r$/ims,
  )
  expect(await status('netexec', 'http://127.0.0.1:8080/healthz')).toBe('200')
  const form = ['-F', 'file=@/etc/hostname', 'http://127.0.0.1:8080/upload']
  expect(JSON.parse(await curl('netexec', ...form))).toEqual({ output: expect.stringMatching(/^\/uploads\/upload/) })
  await run('tcponly', [
    'netexec',
    '--udp-port=-1',
    '--tls-cert-file=/localhost.crt',
    '--tls-private-key-file=/localhost.key',
  ])
  expect(await status('tcponly', 'https://127.0.0.1:8080/healthz')).toBe('412')
  expect(await curl('tcponly', '-k', 'https://127.0.0.1:8080/hostname')).toBe('tcponly-host')
})

test('connect: one word for each sort of failure, and silence', async () => {
  await run('connect', ['netexec'])
  const connect = (...args: string[]) => exec('connect', '/agnhost', 'connect', ...args)
  expect(await connect('127.0.0.1:8080')).toMatchObject({ stderr: '', code: 0 })
  expect(await connect('127.0.0.1:8081', '--protocol=udp', '--timeout=60s')).toMatchObject({ stderr: '', code: 0 })
  expect((await connect('127.0.0.1:9')).stderr).toBe('REFUSED\n')
  expect((await connect('127.0.0.1:9', '--protocol=udp')).stderr).toMatch(/^REFUSED: /)
  expect((await connect('127.0.0.1')).stderr).toMatch(/^UNKNOWN: /)
  expect((await connect('nowhere.invalid:80')).stderr).toMatch(/^DNS: /)
})

test('no-snat-test: tells who was seen as somebody else, also through its proxy', async () => {
  await run('snat', ['no-snat-test', '--port', '8080'], { env: { POD_IP: '127.0.0.1', NODE_IP: '172.18.0.11' } })
  expect(await curl('snat', 'http://127.0.0.1:8080/whoami')).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(await curl('snat', '-w', '%{http_code}', 'http://127.0.0.1:8080/checknosnat?ips=127.0.0.1:8080')).toBe('200')
  await run('seen', ['no-snat-test'], { env: { POD_IP: '10.0.0.9', NODE_IP: '127.0.0.1' } })
  expect(await curl('seen', 'http://127.0.0.1:8080/checknosnat?ips=127.0.0.1:8080')).toBe(
    'Returned ip "127.0.0.1" != my Pod ip "10.0.0.9", == my Node ip "127.0.0.1" - SNAT',
  )
  await run('proxy', ['no-snat-test-proxy'], {})
  expect(await curl('proxy', 'http://127.0.0.1:31235/checknosnat?target=127.0.0.1:9&ips=a')).toMatch(
    /^error querying "http:\/\/127.0.0.1:9\/checknosnat\?ips=a", err: /,
  )
  await run('blind', ['no-snat-test'])
  expect(await code('blind')).toMatchObject({ exitCode: 1 })
  expect(await logText(runtime, 'blind')).toBe('POD_IP env var was not present in the environment\n')
})

test('logs-generator: as many lines as asked for, numbered', async () => {
  await run('logs', ['logs-generator', '-t', '20', '-d', '100ms'])
  expect(await code('logs')).toMatchObject({ exitCode: 0 })
  const lines = (await logText(runtime, 'logs')).trim().split('\n')
  expect(lines).toHaveLength(20)
  expect(lines[7]).toMatch(/\] 7 (GET|POST|PUT) \/api\/v1\/namespaces\/[\w-]+\/pods\/\w+ [2-5]\d\d$/)
  await run('nologs', ['logs-generator', '--run-duration=1s'])
  expect(await code('nologs')).toMatchObject({ exitCode: 255 })
})

test('mounttest: what is in a volume, and who may do what with it', async () => {
  const volume = `${folder}/volume`
  mkdirSync(volume)
  writeFileSync(`${volume}/told`, 'content of a map\n')
  const mounts = [{ source: volume, target: '/etc/volume', readOnly: false }]
  const args = [
    '--fs_type=/etc/volume',
    '--new_file_0660=/etc/volume/new',
    '--file_mode=/etc/volume/new',
    '--file_perm=/etc/volume',
  ]
  await run('mount', ['mounttest', ...args, '--file_owner=/etc/volume/new', '--file_content=/etc/volume/told'], {
    mounts,
  })
  expect(await code('mount')).toMatchObject({ exitCode: 0 })
  const log = await logText(runtime, 'mount')
  expect(log).toMatch(/^mount type of "\/etc\/volume": \d+$/m)
  expect(log).toContain('content of file "/etc/volume/new": mount-tester new file\n')
  expect(log).toContain('mode of file "/etc/volume/new": -rw-rw----\n')
  expect(log).toContain('perms of file "/etc/volume": -rwxr-xr-x\n')
  expect(log).toContain('owner UID of "/etc/volume/new": 0\nowner GID of "/etc/volume/new": 0\n')
  expect(log).toContain('content of file "/etc/volume/told": content of a map\n')
  await run('missing', ['mounttest', '--file_content=/etc/volume/none'], { mounts })
  expect(await code('missing')).toMatchObject({ exitCode: 1 })
  expect(await logText(runtime, 'missing')).toBe(
    'error reading file content for "/etc/volume/none": open /etc/volume/none: no such file or directory\n',
  )
})

test('guestbook: a primary keeps what it is told', async () => {
  await run('book', ['guestbook', '--http-port', '6379', '--backend-port=9'])
  const get = (path: string) => curl('book', `http://127.0.0.1:6379${path}`)
  expect(await get('/set?key=messages&value=hello')).toBe('{"message":"Updated"}')
  expect(await get('/get?key=messages')).toBe('{"data":"hello"}')
  expect(await get('/get?key=other')).toBe('{"data":""}')
  expect(await get('/register?host=127.0.0.9')).toBe('{"data":{"messages":"hello"}}')
  expect(await get('/set?key=a&value=b')).toMatch(/^encountered error while propagating to replica '127.0.0.9': /)
  expect(await get('/guestbook?cmd=drop')).toBe("unsupported cmd: 'drop'\n")
  expect(await get('/guestbook?cmd=get')).toMatch(/^encountered error: .*no such host/)
})

test('porter: TCP, UDP and TLS, each with what its variable says', async () => {
  const env = { SERVE_PORT_80: 'plain', SERVE_UDP_PORT_81: 'udp', SERVE_TLS_PORT_443: 'secure' }
  await run('porter', ['porter', '--json-response'], { env })
  expect(JSON.parse(await curl('porter', 'http://127.0.0.1:80/any'))).toEqual({ Method: 'GET', Body: 'plain' })
  expect(JSON.parse(await curl('porter', '-k', '-XPOST', 'https://127.0.0.1/'))).toEqual({
    Method: 'POST',
    Body: 'secure',
  })
  expect(await inPod('porter', 'bash', '-c', 'exec 3<>/dev/udp/127.0.0.1/81; echo x >&3; head -c3 <&3')).toBe('udp')
})

test('serve-hostname: by TCP the name alone; not two ways at once', async () => {
  await run('names', ['serve-hostname', '--tcp', '--http=false', '--port=9376'])
  expect(await inPod('names', 'bash', '-c', 'cat </dev/tcp/127.0.0.1/9376')).toBe('names-host')
  await run('both', ['serve-hostname', '--tcp'])
  expect(await code('both')).toMatchObject({ exitCode: 1 })
})

test('port-forward-tester: compares, sends, ends', async () => {
  const env = { BIND_PORT: '80', EXPECTED_CLIENT_DATA: 'abc', CHUNKS: '3', CHUNK_SIZE: '4', CHUNK_INTERVAL: '1' }
  await run('forward', ['port-forward-tester'], { env })
  expect(await inPod('forward', 'bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/80; printf abc >&3; cat <&3')).toBe(
    'xxxxxxxxxxxx',
  )
  expect(await code('forward')).toMatchObject({ exitCode: 0 })
  expect(await logText(runtime, 'forward')).toBe(
    'Accepted client connection\nReceived expected client data\nShutting down connection\nDone\n',
  )
})

test('grpc-health-checking: for the service that was named alone', async () => {
  await run('grpc', ['grpc-health-checking', '--service=mine', '--delay-unhealthy-sec=3600'])
  const at = netns.open('pod-grpc')
  const check = (service: string) =>
    probe(
      { socket: deps.socket, netns: at, clock: systemClock, runtime },
      { kind: 'grpc', address: ip('127.0.0.1'), port: 5000, service },
      60_000,
    )
  expect(await check('mine')).toMatchObject({ ok: true })
  expect(await check('other')).toMatchObject({ ok: false })
  netns.close(at)
})

test('inclusterclient and nettest: ask the API with the pod’s token', async () => {
  const account = `${folder}/account`
  const { cert, key } = await selfSigned()
  mkdirSync(account)
  writeFileSync(`${account}/token`, 'secret-token')
  writeFileSync(`${account}/ca.crt`, cert)
  writeFileSync(`${account}/tls.key`, key)
  const mounts = [{ source: account, target: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }]
  const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
  await run('client', ['inclusterclient', '--poll-interval=1'], { mounts, env })
  const log = () => logText(runtime, 'client')
  await expect.poll(log, { timeout: 60_000 }).toContain('authz_header=')
  expect(await log()).toContain('error checking /healthz: Get "https://127.0.0.1:443/healthz"')
  await runtime.stopContainer('client', 'main', 0)
  await run('nettest', ['nettest', '--peers=1', '--service=x'], { mounts, env })
  const get = (path: string, ...more: string[]) => curl('nettest', ...more, `http://127.0.0.1:8080${path}`)
  expect(await get('/status')).toBe('running')
  expect(await get('/write', '-d', '{"Source":"a"}')).toBe('{"Hostname":"nettest-host"}\n')
  expect(JSON.parse(await get('/read'))).toMatchObject({ Hostname: 'nettest-host', Received: { a: 1 } })
})

test('webhook: its opinions, and what it changes', async () => {
  await run('hook', ['webhook', '--tls-cert-file=/localhost.crt', '--sidecar-image=side:1'])
  const ask = async (path: string, request: object) => {
    const body = JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: { uid: 'u', ...request },
    })
    const json = ['-H', 'content-type: application/json', '-d', body]
    const { response } = JSON.parse(await curl('hook', '-k', ...json, `https://127.0.0.1${path}`))
    const patch = response.patch && JSON.parse(Buffer.from(response.patch, 'base64').toString())
    return { allowed: response.allowed, why: response.status?.message ?? response.status?.reason, patch }
  }
  expect(await curl('hook', '-k', 'https://127.0.0.1/readyz')).toBe('ok')
  expect(await ask('/always-deny', {})).toEqual({ allowed: false, why: 'this webhook denies all requests' })
  const map = (value: string, operation = 'CREATE') => {
    const object = { data: { 'webhook-e2e-test': value } }
    return { operation, ...(operation === 'DELETE' ? { oldObject: object } : { object }) }
  }
  expect(await ask('/configmaps', map('webhook-disallow'))).toEqual({
    allowed: false,
    why: 'the configmap contains unwanted key and value',
  })
  expect(await ask('/configmaps', map('fine'))).toEqual({ allowed: true })
  expect((await ask('/custom-resource', map('webhook-nondeletable', 'DELETE'))).why).toContain('cannot be deleted')
  expect(await ask('/mutating-configmaps', { object: { data: { 'mutation-start': 'yes' } } })).toEqual({
    allowed: true,
    patch: [{ op: 'add', path: '/data/mutation-stage-1', value: 'yes' }],
  })
  const unwanted = { metadata: { labels: { 'webhook-e2e-test': 'webhook-disallow' } }, spec: { containers: [] } }
  expect((await ask('/pods', { object: unwanted })).why).toBe('the pod contains unwanted label;')
  expect((await ask('/mutating-pods-sidecar', { object: unwanted })).patch).toMatchObject([
    { value: { image: 'side:1' } },
  ])
  expect((await ask('/add-label', { object: {} })).patch).toMatchObject([{ path: '/metadata/labels' }])
})

test('crd-conversion-webhook: host and port together and apart', () => {
  const ask = (object: object, desiredAPIVersion: string) =>
    convert({
      apiVersion: 'v1',
      kind: 'ConversionReview',
      request: { uid: 'u', desiredAPIVersion, objects: [object as never] },
    })
  const [v1, v2] = ['stable.example.com/v1', 'stable.example.com/v2']
  expect(ask({ apiVersion: v1, hostPort: 'a:1' }, v2)).toMatchObject({
    response: { convertedObjects: [{ apiVersion: v2, host: 'a', port: '1' }], result: { status: 'Success' } },
  })
  expect(ask({ apiVersion: v2, host: 'a', port: '1' }, v1)).toMatchObject({
    response: { convertedObjects: [{ apiVersion: v1, hostPort: 'a:1' }] },
  })
  expect(ask({ apiVersion: v1, hostPort: 'a' }, v2)).toMatchObject({
    response: { convertedObjects: [], result: { status: 'Failure', message: 'invalid hostPort value `a`' } },
  })
})
