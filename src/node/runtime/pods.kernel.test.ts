import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../host/clock/real.ts'
import { ip } from '../../lib/ip.ts'
import { probe } from '../probe/probe.ts'
import { container, ending, logText, outcome } from './conformance.ts'
import type { ContainerSpec } from './mod.ts'
import { createRuntime } from './runtime.ts'
import { closePods, curl, deps, exec, folder, inPod, netns, options, pod, runtime, sandboxOf } from './testing-pods.ts'

afterAll(closePods)

describe('a stand-in', () => {
  test('answers on each port in the protocol that its name or number says', async () => {
    const status = await pod('standin', {
      image: 'shop/api:1',
      ports: [
        { name: 'http', port: 8080, protocol: 'TCP' },
        { name: 'https', port: 8443, protocol: 'TCP' },
        { name: 'postgres', port: 5432, protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
        { port: 7777, protocol: 'TCP' },
      ],
    })
    expect(status.phase.state).toBe('running')
    expect(await curl('standin', 'http://127.0.0.1:8080/orders?x=1', '-H', 'X-Test: yes')).toMatch(
      /pod: +standin-xyz\nnamespace: production\nnode: +node-1\n.*client: +127\.0\.0\.1:\d+\nrequest: +GET \/orders\?x=1 HTTP\/1\.1\n.*X-Test: yes/s,
    )
    const told = JSON.parse(await curl('standin', 'http://127.0.0.1:8080/', '-H', 'Accept: application/json'))
    expect(told).toMatchObject({
      pod: 'standin-xyz',
      node: 'node-1',
      port: 8080,
      path: '/',
      headers: { Host: ['127.0.0.1:8080'] },
    })
    expect(await curl('standin', 'http://127.0.0.1:8080/healthz')).toBe('ok\n')
    expect(await curl('standin', '--http2-prior-knowledge', 'http://127.0.0.1:8080/')).toContain('GET / HTTP/2.0')
    expect(await curl('standin', '-k', 'https://127.0.0.1:8443/')).toMatch(/tls: +TLSv1\.3, SNI none, ALPN h2/)
    expect(await curl('standin', 'http://127.0.0.1:7777/health')).toBe('ok\n')
    expect(await curl('standin', '-k', 'https://127.0.0.1:7777/health')).toBe('ok\n')
    const nc = (port: number, ...flags: string[]) =>
      inPod('standin', 'sh', '-c', `echo hello there | busybox nc ${flags.join(' ')} 127.0.0.1 ${port}`)
    expect(await nc(5432)).toBe('hello there\n')
    expect(await nc(7777)).toBe('hello there\n')
    expect(await inPod('standin', 'bash', '-c', 'exec 3<>/dev/udp/127.0.0.1/53; echo hello >&3; head -n1 <&3')).toBe(
      'hello\n',
    )
    const log = await logText(runtime, 'standin')
    expect(log).toContain('stand-in for shop/api:1: answers on 8080 (HTTP), 8443 (HTTPS), 5432 (TCP echo)')
    expect(log).toMatch(/127\.0\.0\.1:\d+ "GET \/orders\?x=1 HTTP\/1\.1" 200 \d+\n/)
  })

  test('can be entered: its files are the pod’s', async () => {
    expect((await exec('standin', 'cat', '/etc/resolv.conf')).stdout).toContain('nameserver 172.30.0.10')
    expect((await exec('standin', 'cat', '/etc/hosts')).stdout).toContain('10.128.0.3 pod-host')
    expect((await exec('standin', 'hostname')).stdout).toBe('standin-host\n')
    await exec('standin', 'sh', '-c', 'echo kept > /tmp/file')
    expect((await exec('standin', 'cat', '/tmp/file')).stdout).toBe('kept\n')
    expect((await exec('standin', 'sh', '-c', 'ls /run; curl -s http://127.0.0.1:8080/health')).stdout).toBe(
      'applets\nok\n',
    )
  })

  test('that cannot listen has ended, and its log says why', async () => {
    const status = await runtime.startContainer(
      container('standin', { name: 'second', image: 'shop/other', ports: [{ port: 8080, protocol: 'TCP' }] }),
    )
    expect(await ending(runtime, 'standin')).toMatchObject({ name: 'second', phase: { exitCode: 1, reason: 'Error' } })
    expect(status.runsAs).toBe('stand-in')
    const chunks: string[] = []
    for await (const chunk of runtime.logs({ podUid: 'standin', container: 'second' }, new AbortController().signal))
      chunks.push(String(chunk))
    expect(chunks.join('')).toMatch(/cannot listen on port 8080\/TCP: .*EADDRINUSE/)
  })
})

test('a container that targets another sees its processes and may end them; one that does not, does not', async () => {
  await pod('target', { image: 'busybox', command: ['sh', '-c', 'sleep 4242 & wait; echo ended; sleep 60'] })
  const debug = async (name: string, more: Partial<ContainerSpec>) => {
    const command = ['sh', '-c', 'ps -o args | grep -c "^sleep 4242"; pkill -f "^sleep 4242"; exit 0']
    await runtime.startContainer(container('target', { name, image: 'busybox', command, ...more }))
    await expect
      .poll(
        async () =>
          (await runtime.list()).find(({ spec }) => spec.podUid === 'target')?.containers.find(one => one.name === name)
            ?.phase.state,
      )
      .toBe('exited')
    const chunks: string[] = []
    for await (const chunk of runtime.logs({ podUid: 'target', container: name }, new AbortController().signal))
      chunks.push(String(chunk))
    return chunks.join('')
  }
  expect(await debug('apart', {})).toBe('0\n')
  expect(await debug('within', { target: 'main' })).toBe('1\n')
  await expect.poll(() => logText(runtime, 'target')).toBe('ended\n')
})

describe('recognised images', () => {
  test('agnhost netexec tells about the pod and dials others', async () => {
    await pod('agnhost', {
      image: 'registry.k8s.io/e2e-test-images/agnhost:2.63.0',
      args: ['netexec', '--http-port=80', '--udp-port=81'],
    })
    const get = (path: string) => curl('agnhost', `http://127.0.0.1${path}`)
    expect(await get('/hostname')).toBe('agnhost-host')
    expect(await get('/clientip')).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(await get('/echo?msg=hi')).toBe('hi')
    expect(
      await curl('agnhost', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/echo?msg=hi&code=418'),
    ).toBe('418')
    expect(JSON.parse(await get('/dial?host=127.0.0.1&port=80&request=hostname&protocol=http&tries=2'))).toEqual({
      responses: ['agnhost-host', 'agnhost-host'],
    })
    expect(JSON.parse(await get('/dial?host=127.0.0.1&port=81&request=hostname&protocol=udp'))).toEqual({
      responses: ['agnhost-host'],
    })
    expect(JSON.parse(await get('/dial?host=localhost&port=80&request=hostname&protocol=http'))).toEqual({
      responses: ['agnhost-host'],
    })
    expect(JSON.parse(await get('/dial?host=127.0.0.1&port=9&request=hostname&protocol=http'))).toEqual({
      errors: ['Get "http://127.0.0.1:9/hostname": dial tcp 127.0.0.1:9: connect: connection refused'],
    })
    expect(JSON.parse(await get('/shell?shellCommand=echo%20hi'))).toEqual({ output: 'hi\n' })
    expect(await exec('agnhost', '/agnhost', 'connect', '127.0.0.1:80', '--timeout=60s')).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    })
    expect(await exec('agnhost', '/agnhost', 'connect', '127.0.0.1:9')).toEqual({
      stdout: '',
      stderr: 'REFUSED\n',
      code: 1,
    })
    expect((await exec('agnhost', '/agnhost', 'dns-suffix')).stdout).toBe('production.svc.cluster.local\n')
    await get('/exit?code=3')
    expect((await ending(runtime, 'agnhost')).phase).toMatchObject({ exitCode: 3 })
  })

  test('echo-basic, hello-openshift, nginx, http-echo', async () => {
    await pod('echo', {
      image: 'gcr.io/k8s-staging-gateway-api/echo-basic:v1',
      env: { POD_NAME: 'me', NAMESPACE: 'ns' },
    })
    expect(JSON.parse(await curl('echo', 'http://127.0.0.1:3000/a?b=c', '-H', 'x-echo-set-header: A:1'))).toMatchObject(
      {
        path: '/a?b=c',
        host: '127.0.0.1:3000',
        method: 'GET',
        proto: 'HTTP/1.1',
        pod: 'me',
        namespace: 'ns',
        headers: { 'X-Echo-Set-Header': ['A:1'] },
      },
    )
    expect(await curl('echo', '-D-', '-o/dev/null', 'http://127.0.0.1:3000/', '-H', 'x-echo-set-header: A:1')).toMatch(
      /^a: 1\r$/m,
    )
    expect(await curl('echo', 'http://127.0.0.1:3001/')).toBe('Expected h2c request\n')
    expect(await curl('echo', '--http2-prior-knowledge', 'http://127.0.0.1:3001/')).toContain('HTTP/2.0')
    await pod('hello', { image: 'openshift/hello-openshift' })
    expect(await curl('hello', 'http://127.0.0.1:8888/')).toBe('Hello OpenShift!\n')
    await pod('nginx', { image: 'nginx:1.27' })
    expect(await curl('nginx', 'http://127.0.0.1/')).toContain('Welcome to nginx!')
    expect(await curl('nginx', '-o/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/absent')).toBe('404')
    expect(await exec('nginx', 'nginx', '-v')).toMatchObject({ code: 0, stderr: 'nginx version: nginx/1.27\n' })
    expect(await exec('nginx', 'nginx', '-t')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('test is successful'),
    })
    expect(await exec('nginx', 'nginx', '-s', 'reload')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('takes no signals'),
    })
    await pod('httpecho', { image: 'hashicorp/http-echo', args: ['-text=hi', '-listen=:8080', '-status-code=404'] })
    expect(await curl('httpecho', '-w', '%{http_code}', 'http://127.0.0.1:8080/')).toBe('hi\n404')
  })

  test('cert-manager’s solver answers one token of one domain', async () => {
    const image = 'quay.io/jetstack/cert-manager-acmesolver:v1.21.2'
    await pod('solver', { image, args: ['--listen-port=8089', '--domain=a.test', '--token=t0', '--key=t0.key'] })
    const ask = (host: string, path: string) =>
      curl('solver', '-w', ' %{http_code}', '-H', `Host: ${host}`, `http://127.0.0.1:8089${path}`)
    const folder = '/.well-known/acme-challenge'
    expect(await ask('a.test', `${folder}/t0`)).toBe('t0.key 200')
    expect(await ask('a.test:80', `${folder}/t0`)).toBe('t0.key 200')
    expect(await ask('a.test', '/healthz')).toBe(' 200')
    const refused = '404 page not found\n 404'
    for (const [host, path] of [
      ['b.test', `${folder}/t0`],
      ['a.test', `${folder}/t1`],
      ['a.test', '/t0'],
    ] as const)
      expect(await ask(host, path)).toBe(refused)
  })

  test('busybox gets busybox’s own commands, others this machine’s', async () => {
    await pod('busybox', { image: 'busybox', args: ['sh', '-c', 'nslookup --help 2>&1 | head -1; exec sleep 60'] })
    await pod('netshoot', { image: 'nicolaka/netshoot', args: ['sleep', '60'] })
    expect((await exec('busybox', 'sh', '-c', 'wget --help 2>&1 | head -1')).stdout).toMatch(/^BusyBox/)
    expect(await exec('busybox', 'wget', '-T', '2', '-qO-', 'http://127.0.0.1:9')).toMatchObject({
      code: 1,
      stderr: "wget: can't connect to remote host (127.0.0.1): Connection refused\n",
    })
    const listening = "cat /proc/net/tcp /proc/net/tcp6 | grep -q ':0063 '"
    const silent = `nc -ll -p 99 -e sleep 9 & until ${listening}; do :; done; wget --timeout=1 --spider http://127.0.0.1:99; kill %1`
    expect((await exec('busybox', 'sh', '-c', silent)).stderr).toContain('wget: download timed out\n')
    expect((await exec('netshoot', 'sh', '-c', 'wget --version | head -1')).stdout).toMatch(/^GNU Wget/)
    expect((await exec('netshoot', 'sh', '-c', 'nc --help 2>&1 | head -1')).stdout).toMatch(/BusyBox/)
  })
})

describe('a terminal', () => {
  test('has a size, follows resizing, and gives the exit code', async () => {
    await pod('tty', { image: 'busybox', args: ['sleep', '60'] })
    const streams = await runtime.exec({
      podUid: 'tty',
      container: 'main',
      command: ['bash', '--norc'],
      stdin: true,
      tty: true,
    })
    expect(streams.stderr).toBeNull()
    streams.resize(132, 43)
    streams.stdin!.write('stty size; tty; exit 9\n')
    const { stdout, code } = await outcome(streams)
    expect(stdout).toContain('43 132')
    expect(code).toBe(9)
  })
})

function commandLine(pid: string): readonly string[] {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1) : []
  } catch {
    return []
  }
}

describe('an end of the runtime', () => {
  test('its successor ends what is left, tells of it as ended, and serves the pod again', async () => {
    const stateDir = `${folder}/killed`
    const first = createRuntime(deps, { ...options, stateDir })
    await pod('killed', { image: 'busybox', args: ['sh', '-c', 'echo one; exec sleep 6123'] }, first)
    const follow = { podUid: 'killed', container: 'main', follow: true }
    for await (const chunk of first.logs(follow, new AbortController().signal)) if (String(chunk) === 'one\n') break
    const running = (): boolean => readdirSync('/proc').some(pid => commandLine(pid).join(' ') === 'sleep 6123')
    expect(running()).toBe(true)

    const second = createRuntime(deps, { ...options, stateDir })
    const [found] = await second.list('node-1')
    expect(found!.containers).toMatchObject([
      { attempt: 0, phase: { state: 'exited', exitCode: 137, message: 'the pod runtime was restarted' } },
    ])
    expect(await logText(second, 'killed')).toBe('one\n')
    await second.runSandbox(sandboxOf('killed'))
    await second.startContainer(
      container('killed', { image: 'busybox', args: ['sh', '-c', 'echo two; exec sleep 60'], attempt: 1 }),
    )
    expect(await logText(second, 'killed', { previous: true })).toBe('one\n')
    await ending(first, 'killed')
    expect(running()).toBe(false)
    await second.removeSandbox('killed', 0)
  })
})

test('httpbin answers on its main paths', async () => {
  await pod('bin', { image: 'docker.io/kennethreitz/httpbin', ports: [{ port: 8080, protocol: 'TCP' }] })
  const get = async (path: string, ...flags: string[]) => curl('bin', ...flags, `http://127.0.0.1:8080${path}`)
  const code = (path: string, ...flags: string[]) => get(path, '-o', '/dev/null', '-w', '%{http_code}', ...flags)
  expect(JSON.parse(await get('/get?a=1&a=2&b=3', '-H', 'X-Test: yes'))).toMatchObject({
    args: { a: ['1', '2'], b: '3' },
    headers: { Host: '127.0.0.1:8080', 'X-Test': 'yes' },
    origin: '127.0.0.1',
    url: 'http://127.0.0.1:8080/get?a=1&a=2&b=3',
  })
  expect(JSON.parse(await get('/post', '-d', 'x=1'))).toMatchObject({ form: { x: '1' }, data: '', json: null })
  expect(JSON.parse(await get('/anything/x', '--json', '{"a":1}'))).toMatchObject({ json: { a: 1 }, method: 'POST' })
  expect([await code('/status/418'), await code('/post'), await code('/nothing')]).toEqual(['418', '405', '404'])
  expect([await code('/basic-auth/u/p'), await code('/basic-auth/u/p', '-u', 'u:p')]).toEqual(['401', '200'])
  expect(JSON.parse(await get('/redirect/3', '-L')).url).toBe('http://127.0.0.1:8080/get')
  expect(await get('/bytes/64', '-o', '/dev/null', '-w', '%{size_download}')).toBe('64')
  expect(JSON.parse(await get('/cookies/set?a=b', '-L', '-b', ''))).toEqual({ cookies: { a: 'b' } })
})

test('nginx obeys what is mounted: files, servers, locations, and what it passes on', async () => {
  const [conf, html] = [`${folder}/conf`, `${folder}/html`]
  for (const path of [conf, html]) mkdirSync(path)
  writeFileSync(`${html}/index.html`, 'mounted page')
  writeFileSync(`${html}/app.json`, '{}')
  writeFileSync(
    `${conf}/default.conf`,
    `# two servers
server {
  listen 8080 default_server;
  add_header X-From "here";
  location / { root /srv; try_files $uri $uri/ /index.html; }
  location = /healthz { return 200 "well\\n"; default_type text/plain; }
  location /old { return 301 https://$host/new; }
  location ~ \\.secret$ { return 403; }
  location /up/ { proxy_pass http://127.0.0.1:9090/in/; }
}
server { listen 8080; server_name other.test *.wild.test; return 200 "other $host"; }
server { listen 9090; location / { return 200 "up saw $request_uri"; } }
`,
  )
  const mounts = [
    { source: conf, target: '/etc/nginx/conf.d', readOnly: true },
    { source: html, target: '/srv', readOnly: true },
  ]
  await pod('nginx-conf', { image: 'nginx:1.27', mounts })
  const get = (path: string, ...more: string[]) => curl('nginx-conf', ...more, `http://127.0.0.1:8080${path}`)
  expect(await get('/')).toBe('mounted page')
  expect(await get('/deep/link', '-i')).toMatch(/^x-from: here\r$[\s\S]*mounted page$/m)
  expect(await get('/app.json', '-i')).toMatch(/^content-type: application\/json\r$/m)
  expect(await get('/healthz')).toBe('well\n')
  expect(await get('/old', '-i', '-H', 'Host: shop.test')).toMatch(
    /^HTTP\/1.1 301 [\s\S]*^location: https:\/\/shop.test\/new\r$/m,
  )
  expect(await get('/a.secret')).toContain('403 Forbidden')
  expect(await get('/up/x?y=1')).toBe('up saw /in/x?y=1')
  expect(await get('/', '-H', 'Host: a.wild.test')).toBe('other a.wild.test')
  expect(await curl('nginx-conf', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:80/')).toContain('000')
  writeFileSync(`${conf}/default.conf`, 'server { listen 8080 ')
  await pod('nginx-broken', { image: 'nginx', mounts })
  const test = await exec('nginx-conf', 'nginx', '-t')
  expect(test).toMatchObject({ code: 1, stderr: expect.stringContaining('[emerg] unexpected end of file') })
  expect((await ending(runtime, 'nginx-broken')).phase).toMatchObject({ exitCode: 1 })
  expect(await logText(runtime, 'nginx-broken')).toContain('[emerg] unexpected end of file, expecting ";" or "}"')
})

test('agnhost: health by gRPC that can be switched, and connections that are reset', async () => {
  await pod('health', { image: 'agnhost', args: ['grpc-health-checking', '--port=5000'] })
  const at = netns.open('pod-health')
  try {
    const check = () =>
      probe(
        { socket: deps.socket, netns: at, clock: systemClock, runtime },
        { kind: 'grpc', address: ip('127.0.0.1'), port: 5000, service: '' },
        60_000,
      )
    expect(await check()).toEqual({ ok: true, message: '' })
    await curl('health', 'http://127.0.0.1:8080/make-not-serving')
    expect(await check()).toEqual({ ok: false, message: 'service unhealthy (responded with "NOT_SERVING")' })
  } finally {
    netns.close(at)
  }
  await pod('reset', { image: 'agnhost', args: ['tcp-reset'] })
  expect(await curl('reset', 'http://127.0.0.1:8080/')).toContain('Connection reset by peer')
})

describe('a stand-in for anything', () => {
  test('answers gRPC health checks, echoes WebSocket messages, and takes other upgrades for plain requests', async () => {
    await pod('talker', { image: 'shop/talker:1', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] })
    const at = netns.open('pod-talker')
    const address = ip('127.0.0.1')
    try {
      const check = (service: string) =>
        probe(
          { socket: deps.socket, netns: at, clock: systemClock, runtime },
          { kind: 'grpc', address, port: 8080, service },
          60_000,
        )
      expect(await check('')).toEqual({ ok: true, message: '' })
      const socket = new WebSocket('ws://talker:8080/chat', {
        createConnection: () => deps.socket.connect({ netns: at, address, port: 8080 }),
      })
      const answers = new Promise<string>((resolve, reject) => {
        socket.on('open', () => socket.send('hello'))
        socket.on('message', data => resolve(String(data)))
        socket.on('error', reject)
      })
      expect(await answers).toBe('hello')
      socket.close()
    } finally {
      netns.close(at)
    }
    const upgrade = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: h2c', '-d', 'some text']
    const plain = await curl('talker', ...upgrade, 'http://127.0.0.1:8080/a', 'http://127.0.0.1:8080/b')
    expect(plain).toMatch(/POST \/a HTTP\/1\.1.*body: +9 bytes.*POST \/b HTTP\/1\.1.*body: +9 bytes/s)
  })
})

describe('a container of no privileges', () => {
  const poor = { uid: 1000650000, gid: 0, capabilities: [], noNewPrivileges: true, lowestPort: 1024 }
  const ends = async (podUid: string, more: Partial<ContainerSpec>) => {
    const status = await pod(podUid, more)
    return status.phase.state === 'exited' ? status : ending(runtime, podUid)
  }

  test('cannot listen below 1024, be it a process or a server of ours; one that is allowed to can', async () => {
    const listen = { image: 'busybox', command: ['nc', '-l', '-p', '80', '-w', '1'] }
    await ends('poor-process', { ...listen, ...poor })
    expect(await logText(runtime, 'poor-process')).toContain('Permission denied')
    const server = { image: 'shop/web:1', ports: [{ port: 80, protocol: 'TCP' as const }] }
    expect(await ends('poor-server', { ...server, ...poor })).toMatchObject({
      phase: { state: 'exited', exitCode: 1, message: expect.stringContaining('EACCES') },
    })
    expect((await pod('rich-server', server)).phase.state).toBe('running')
    expect((await pod('rich-process', { ...listen, capabilities: ['NET_BIND_SERVICE'] })).phase.state).toBe('running')
    expect((await exec('rich-server', 'id', '-u')).stdout).toBe('0\n')
  })

  test('runs as its user, also in what is run in it later, and can say why it ended', async () => {
    await pod('user', { image: 'busybox', command: ['sleep', '1000'], ...poor, groups: [1000650000] })
    expect((await exec('user', 'sh', '-c', 'id -u; id -G; echo $HOME')).stdout).toBe('1000650000\n0 1000650000\n/\n')
    const script = 'echo "the disk is full" > /dev/termination-log; exit 3'
    const termination = { path: '/dev/termination-log', fromLog: false }
    const last = await ends('last-words', { image: 'busybox', command: ['sh', '-c', script], ...poor, termination })
    expect(last.phase).toMatchObject({ exitCode: 3, message: 'the disk is full\n' })
    const silent = {
      image: 'busybox',
      command: ['sh', '-c', 'echo so it is; exit 4'],
      termination: { ...termination, fromLog: true },
    }
    expect((await ends('silent', silent)).phase).toMatchObject({ exitCode: 4, message: 'so it is\n' })
  })
})
