/** Several twins side by side, each as its user wants it: other networks, another transport, plain Kubernetes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Result, Twin } from './harness.ts'
import { FAIRLEAD, hostPid, KUBECTL, run, start, startTwin, until } from './harness.ts'
import { edgeRoute, listOf, webServers } from './web.ts'

const NETWORKING = `
apiVersion: v1
baseDomain: example.com
networking:
  networkType: OVNKubernetes
  clusterNetwork: [ { cidr: 10.200.0.0/16, hostPrefix: 24 } ]
  serviceNetwork: [ 10.201.0.0/16 ]
  machineNetwork: [ { cidr: 192.168.200.0/24 } ]
  clusterNetworkMTU: 1300
  transport: host-gw
`
const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-twins-'))
let okd: Twin
let plain: Twin
beforeAll(async () => {
  const file = join(dataHome, 'install-config.yaml')
  writeFileSync(file, NETWORKING)
  ;[okd, plain] = await Promise.all([
    startTwin({ name: 'okd', dataHome, args: ['--config', file] }),
    startTwin({ name: 'plain', dataHome, args: ['--profile', 'kubernetes', '--nodes', '2'] }),
  ])
  const web = webServers('side', 30_080)
  const apply = (twin: Twin, input: string): Promise<Result> => twin.tryKubectl(['apply', '-f', '-'], { input })
  expect((await apply(okd, listOf(...web, edgeRoute('side')))).code).toBe(0)
  expect((await apply(plain, listOf(...web))).code).toBe(0)
  for (const twin of [okd, plain]) {
    const waited = await twin.fairlead('wait')
    expect(waited.code, waited.stderr).toBe(0)
  }
})
afterAll(async () => {
  await Promise.all([okd?.down(), plain?.down()])
  rmSync(dataHome, { recursive: true })
})

const exec = async (twin: Twin, place: string, ...command: string[]): Promise<string> => {
  const { code, stdout, stderr } = await twin.fairlead('exec', place, '--', ...command)
  expect(code, stderr).toBe(0)
  return stdout
}
const inPod = (twin: Twin, ...command: string[]): Promise<string> =>
  twin.kubectl('-n', 'side', 'exec', 'deploy/web', '--', ...command)
const podAddresses = async (twin: Twin): Promise<string[]> =>
  (await twin.kubectl('-n', 'side', 'get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}')).split(' ')
/** Every pod answers the first one. */
async function everyPodAnswers(twin: Twin): Promise<void> {
  for (const address of await podAddresses(twin))
    expect(await inPod(twin, 'wget', '-qO-', '-T30', `http://${address}:8080/`)).toContain('pod:')
}

describe('networks of an install-config, with routes in place of tunnels', () => {
  test('pods, Services and nodes have their addresses from it', async () => {
    for (const address of await podAddresses(okd)) expect(address).toMatch(/^10\.200\.\d+\.\d+$/)
    expect(await okd.kubectl('-n', 'side', 'get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}')).toMatch(
      /^10\.201\./,
    )
    expect(await okd.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}')).toBe(
      '192.168.200.11 192.168.200.12 192.168.200.13',
    )
    expect(await inPod(okd, 'cat', '/etc/resolv.conf')).toContain('nameserver 10.201.0.10\n')
    expect(await inPod(okd, 'ip', 'link', 'show', 'eth0')).toContain('mtu 1300')
  })

  test('pods reach each other by the routes of their nodes, and the front door reaches them', async () => {
    expect(await exec(okd, 'node-1', 'ip', 'route')).toMatch(/^10\.200\.\d+\.0\/24 via 192\.168\.200\.1[23] dev eth0/m)
    expect((await okd.fairlead('exec', 'node-1', '--', 'ip', 'link', 'show', 'vxlan0')).code).not.toBe(0)
    await everyPodAnswers(okd)
    const seen = new Set<string>()
    await until('an answer from each of three nodes', async () => {
      const node = /node-\d/.exec((await okd.https('web-side.apps.fairlead.localhost')).body)?.[0]
      if (node) seen.add(node)
      return seen.size === 3
    })
  })
})

describe('--profile kubernetes', () => {
  test('has the addresses, the DNS and the MTU of plain Kubernetes', async () => {
    for (const address of await podAddresses(plain)) expect(address).toMatch(/^10\.244\.[01]\.\d+$/)
    const dns = '{.spec.clusterIP} {.spec.ports[?(@.name=="dns")].port} {.spec.ports[?(@.name=="dns")].targetPort}'
    expect(await plain.kubectl('-n', 'kube-system', 'get', 'svc', 'kube-dns', '-o', `jsonpath=${dns}`)).toMatch(
      /^10\.96\.0\.10 53 /,
    )
    expect(await inPod(plain, 'cat', '/etc/resolv.conf')).toContain('nameserver 10.96.0.10\n')
    expect(await inPod(plain, 'ip', 'link', 'show', 'eth0')).toContain('mtu 1450')
    const clusterIp = await plain.kubectl('-n', 'side', 'get', 'svc', 'web', '-o', 'jsonpath={.spec.clusterIP}')
    expect((await inPod(plain, 'dig', '+short', 'web.side.svc.cluster.local')).trim()).toBe(clusterIp)
    expect((await inPod(plain, 'dig', '+short', '@10.96.0.10', 'kubernetes.default.svc.cluster.local')).trim()).toBe(
      '10.96.0.1',
    )
    await everyPodAnswers(plain)
  })

  test('has no OpenShift: no Routes, no projects, no router', async () => {
    const resources = (twin: Twin): Promise<string> => twin.kubectl('api-resources', '-o', 'name')
    const namespaces = (twin: Twin): Promise<string> => twin.kubectl('get', 'namespaces', '-o', 'name')
    expect(await resources(okd)).toContain('routes.route.openshift.io')
    expect(await resources(plain)).not.toContain('openshift.io')
    expect(await namespaces(okd)).toContain('openshift-ingress')
    expect(await namespaces(plain)).not.toContain('openshift')
    const demo = await plain.fairlead('demo')
    expect([demo.code, demo.stderr]).toEqual([1, expect.stringContaining('Routes, which plain Kubernetes has not')])
  })

  test('serves outside hosts by node ports', async () => {
    expect(await exec(plain, 'client', 'curl', '-s', '-m30', 'http://172.18.0.12:30080/')).toContain('pod:')
  })
})

describe('side by side', () => {
  test('each has ports and objects of its own, and all are listed', async () => {
    const ports = [okd, plain].flatMap(({ state }) => [state.api, state.http, state.https])
    expect(new Set(ports).size).toBe(6)
    await okd.kubectl('create', 'namespace', 'only-here')
    expect((await plain.tryKubectl(['get', 'namespace', 'only-here'])).code).not.toBe(0)
    const list = await run(FAIRLEAD, ['status', '--all'], { env: okd.env })
    expect(list.stdout).toMatch(
      new RegExp(`^okd +running +${okd.state.api} +${okd.state.http},${okd.state.https}$`, 'm'),
    )
    expect(list.stdout).toMatch(new RegExp(`^plain +running +${plain.state.api} `, 'm'))
  })

  test('one that ends leaves the other alone', async () => {
    expect((await plain.fairlead('down')).code).toBe(0)
    expect((await okd.https('web-side.apps.fairlead.localhost')).status).toBe(200)
    expect((await run(FAIRLEAD, ['status', '--all'], { env: okd.env })).stdout).toMatch(/^plain +down +- +-$/m)
  })
})

describe('looking inside', () => {
  const script = (command: string): Promise<Result> => run('script', ['-qec', command, '/dev/null'], { env: okd.env })

  test('exec: input, output and exit code are those of the command', async () => {
    const { code, stdout, stderr } = await run(
      FAIRLEAD,
      ['exec', '--name', 'okd', 'node-2', '--', 'sh', '-c', 'cat; echo error >&2; exit 7'],
      { env: okd.env, input: 'input' },
    )
    expect([code, stdout, stderr]).toEqual([7, 'input', 'error\n'])
    const pod = (await okd.kubectl('-n', 'side', 'get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}')).trim()
    expect(await exec(okd, `side/${pod}`, 'hostname')).toBe(`${pod}\n`)
  })

  test('exec with a terminal: it is one, with the size of ours', async () => {
    // The size follows the start of the command by a moment, as everywhere.
    const sized = `sh -c 'tty; n=0; until [ "$(stty size)" = "33 99" ] || [ $n = 300 ]; do n=$((n+1)); sleep 0.1; done; stty size'`
    for (const command of [
      `stty rows 33 cols 99; ${FAIRLEAD} exec --name okd node-2 -- ${sized}`,
      `stty rows 33 cols 99; ${KUBECTL} -n side exec -it deploy/web -- ${sized}`,
    ]) {
      const { code, stdout } = await script(command)
      expect(code, stdout).toBe(0)
      expect(stdout).toMatch(/\/dev\/pts\/\d+\r*\n\D*33 99/)
    }
    expect((await okd.fairlead('exec', 'node-2', '--', 'tty')).stdout).toContain('not a tty')
  })

  test('logs: the last lines, and those to come', async () => {
    const tail = (await okd.fairlead('logs', 'node-1', '--tail', '2')).stdout
    expect(tail.trim().split('\n')).toHaveLength(2)
    const following = start(FAIRLEAD, ['logs', '--name', 'okd', 'supervisor', '-f', '--tail', '0'], okd.env)
    let seen = ''
    following.stdout.on('data', chunk => {
      seen += String(chunk)
    })
    const ended = new Promise(resolve => following.once('exit', resolve))
    await until('a line about what just happened', async () => {
      process.kill(await hostPid(okd, 'node-3'), 'SIGKILL')
      return /"role":"node-3".*it is started again/.test(seen)
    })
    following.kill('SIGINT')
    await ended
  })
})
