/** `./fairlead setup`: what is missing is installed, without starting a daemon; who may not install is told the exact command. */
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { slowness } from '../src/host/clock/testing.ts'
import type { Result } from './harness.ts'
import { FAIRLEAD, run } from './harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'fairlead-setup-'))
const record = join(folder, 'apt-get.calls')
const GUARD = '/usr/sbin/policy-rc.d'
/** Images of machines may have one of their own, which stays. */
const hadGuard = existsSync(GUARD)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function fake(command: string, script: string): void {
  writeFileSync(join(folder, command), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, command), 0o755)
}

/** Runs setup where haproxy does not exist (hidden by a mount in a namespace of its own) and the fakes come first. */
const setupWithoutHaproxy = (...args: string[]): Promise<Result> =>
  run('unshare', [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    `mount --bind /dev/null "$(PATH=$PATH:/usr/sbin command -v haproxy)" && PATH=${folder}:$PATH exec "$0" setup "$@"`,
    FAIRLEAD,
    ...args,
  ])

test('with everything there it does nothing, quickly', async () => {
  await run(FAIRLEAD, ['setup'])
  const startMs = performance.now()
  const { code, stderr } = await run(FAIRLEAD, ['setup'])
  expect([code, stderr]).toEqual([0, ''])
  const tookMs = performance.now() - startMs
  expect(tookMs).toBeLessThan(3000 * slowness())
})

/** In a user namespace root has no rights over the machine's files. */
const mayInstall = writable('/usr/sbin')
const asRoot = mayInstall ? 'root' : 'root (left out: /usr/sbin cannot be written here)'

test.skipIf(!mayInstall)(`${asRoot}: a missing package is installed while daemons are forbidden to start`, async () => {
  fake('apt-get', `echo "$@ guard=$(sh ${GUARD} >/dev/null 2>&1; echo $?)" >> ${record}`)
  const { code, stderr } = await setupWithoutHaproxy('--tools-only')
  expect(code, stderr).toBe(0)
  const calls = readFileSync(record, 'utf8')
  expect(calls).toMatch(/^update .*guard=101$/m)
  expect(calls).toMatch(/^install .*--no-install-recommends haproxy guard=101$/m)
  expect(existsSync(GUARD)).toBe(hadGuard)
})

test.skipIf(!mayInstall)(`${asRoot}: apt-get's failure is shown, and nothing is started`, async () => {
  fake('apt-get', 'echo "E: Unable to locate package" >&2; exit 100')
  const { code, stderr } = await setupWithoutHaproxy('--tools-only')
  expect(code).not.toBe(0)
  expect(stderr).toContain('Unable to locate package')
  expect(existsSync(GUARD)).toBe(hadGuard)
})

test('not root: the exact command is printed, and nothing is installed', async () => {
  rmSync(record, { force: true })
  fake('apt-get', `echo called >> ${record}`)
  fake('id', 'echo 1000')
  const { code, stderr } = await setupWithoutHaproxy('--tools-only')
  expect(code).toBe(1)
  expect(stderr).toContain('sudo apt-get update && sudo apt-get install --no-install-recommends -y haproxy')
  expect(existsSync(record)).toBe(false)
})

test('an old Node is refused by name', async () => {
  fake('node', 'case "$1" in --version) echo v18.0.0 ;; *) exit 1 ;; esac')
  const { code, stderr } = await run('sh', ['-c', `PATH=${folder}:$PATH exec ${FAIRLEAD} setup`])
  expect(code).toBe(1)
  expect(stderr).toContain('v18.0.0 is too old')
})

test('an unknown option is refused', async () => {
  const { code, stderr } = await run(FAIRLEAD, ['setup', '--everything'])
  expect(code).toBe(2)
  expect(stderr).toContain('--everything')
})
