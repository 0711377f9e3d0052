/** A user without any rights has the whole network too: in a user namespace, on ports above 1023, with every file of its own. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Service } from '../src/api/core/service.ts'
import { connectClient } from '../src/main/connect.ts'
import type { Twin } from './harness.ts'
import { nothingLeft, ROOT, run, startTwin, traces, until, worldPids } from './harness.ts'

const NOBODY = 65534
/** In a user namespace with one user we are without rights already. */
const maySwitch = Number(readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2]) > NOBODY
const asNobody = maySwitch ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
const uid = maySwitch ? NOBODY : process.getuid!()
const HOST = 'api-production.apps.fairlead.localhost'

const [command, ...args] = [...asNobody, 'unshare', '--user', '--map-root-user', 'true']
const refusal = (await run(command!, args)).stderr.trim()

describe.skipIf(refusal !== '')(`a user without rights${refusal && ` (left out: ${refusal})`}`, () => {
  /** Where a user may write, and where it may read this program: its folder may lie in another user's home. */
  const dataHome = mkdtempSync(join(tmpdir(), 'fairlead-rootless-'))
  const program = mkdtempSync(join(tmpdir(), 'fairlead-program-'))
  let before: Awaited<ReturnType<typeof traces>>
  let twin: Twin
  beforeAll(async () => {
    if (maySwitch) chownSync(dataHome, NOBODY, NOBODY)
    execFileSync('chmod', ['755', program])
    execFileSync('mount', ['--bind', ROOT, program])
    before = await traces()
    twin = await startTwin({ name: 'rootless', dataHome, prefix: [...asNobody, 'env', `HOME=${dataHome}`], program })
    await twin.kubectl('apply', '-f', 'examples/shop/')
    const waited = await twin.fairlead('wait')
    expect(waited.code, waited.stderr).toBe(0)
  })
  afterAll(async () => {
    await twin?.down()
    execFileSync('umount', [program])
    for (const folder of [program, dataHome]) rmSync(folder, { recursive: true })
  })

  const MANY = 1000
  const asked = [0, MANY / 2, MANY - 1]
  const answersOfMany = async (): Promise<void> => {
    for (const index of asked) expect(await inPod('wget', '-qO-', '-T30', `http://many-${index}/`)).toContain('api-')
  }
  const inPod = (...words: string[]) => twin.kubectl('-n', 'production', 'exec', 'deploy/frontend', '--', ...words)

  test('starts it, and nothing in it has more rights than the user', async () => {
    const pids = worldPids(twin)
    expect(pids.length).toBeGreaterThan(8)
    expect(new Set(pids.map(pid => statSync(`/proc/${pid}`).uid))).toEqual(new Set([uid]))
    if (maySwitch) expect(twin.state.https).toBeGreaterThan(1023)
  })

  test('reaches pods on every node through the front door', async () => {
    const seen = new Set<string>()
    await until('an answer from each of three nodes', async () => {
      const node = /node-\d/.exec((await twin.https(HOST)).body)?.[0]
      if (node) seen.add(node)
      return seen.size === 3
    })
  })

  test('has Services, names and the internet in its pods', async () => {
    expect(await inPod('wget', '-qO-', 'http://api/')).toContain('api-')
    expect(await inPod('dig', '+short', 'api.production.svc.cluster.local')).toMatch(/^172\.30\./)
    expect(await inPod('wget', '-qO-', 'http://203.0.113.10/')).toMatch(/^172\.18\.0\.1[1-3]/)
  })

  test('has logs, and exec into nodes and pods', async () => {
    expect(await twin.kubectl('-n', 'production', 'logs', 'deploy/api')).toContain('stand-in')
    expect((await twin.fairlead('logs', 'node-2')).stdout).toContain('"process":"node-2"')
    expect((await twin.fairlead('exec', 'node-2', '--', 'nft', 'list', 'tables')).stdout).toContain('inet fairlead')
    expect(await inPod('sh', '-c', 'echo written > /etc/file && cat /etc/file /etc/resolv.conf')).toMatch(
      /^written\n(.*\n)*nameserver 172\.30\.0\.10/,
    )
  })

  test('may have a thousand Services, also all at once', async () => {
    const client = await connectClient(twin.env.KUBECONFIG!)
    const service = (index: number) =>
      client.create(Service, {
        metadata: { name: `many-${index}`, namespace: 'production' },
        spec: {
          selector: { app: asked.includes(index) ? 'api' : 'nobody' },
          ports: [{ port: 80, targetPort: 8080 }],
        } as Service['spec'],
      })
    await Promise.all(Array.from({ length: MANY }, (_, index) => service(index)))
    client.close()
    const waited = await twin.fairlead('wait')
    expect(waited.code, waited.stderr).toBe(0)
    await answersOfMany()
  })

  test('leaves nothing at down, and has it all again after the next up', async () => {
    expect((await twin.fairlead('down')).code).toBe(0)
    await nothingLeft(before)
    expect((await twin.fairlead('up')).code).toBe(0)
    await twin.fairlead('wait')
    expect((await twin.https(HOST)).status).toBe(200)
    await answersOfMany()
  })

  test('sees the demo through, hop by hop', async () => {
    const demo = await twin.fairlead('demo')
    expect(demo.code, demo.stdout + demo.stderr).toBe(0)
    expect(demo.stdout).toContain('Every hop was seen.')
  })
})

test.skipIf(refusal !== '')('root may ask for the same: up --rootless', async () => {
  const twin = await startTwin({ name: 'asked', args: ['--rootless', '--ephemeral'] })
  const ours = execFileSync('readlink', ['/proc/self/ns/user']).toString()
  for (const pid of worldPids(twin))
    expect(execFileSync('readlink', [`/proc/${pid}/ns/user`]).toString()).not.toBe(ours)
  const demo = await twin.fairlead('demo')
  expect(demo.code, demo.stdout + demo.stderr).toBe(0)
  await twin.down()
})
