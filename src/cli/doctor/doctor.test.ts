import { describe, expect, test } from 'vitest'
import type { Output, Probe } from './checks.ts'
import { doctor } from './doctor.ts'

const fine: Output = { code: 0, stdout: 'version 1\n', stderr: '' }
const healthy: Probe = {
  uid: 0,
  nodeVersion: 'v20.19.0',
  run: async (command, args) => (command === 'sh' && args[1] === 'ulimit -Hn' ? { ...fine, stdout: '65536\n' } : fine),
  read: async path => (path.endsWith('nf_conntrack_max') ? '262144\n' : undefined),
  bind: async () => undefined,
}

async function examine(change: Partial<Probe>): Promise<{ code: number; text: string }> {
  let text = ''
  const code = await doctor({ ...healthy, ...change }, printed => {
    text += printed
  })
  return { code, text }
}
const failing =
  (wanted: (command: string, args: readonly string[]) => boolean, output: Partial<Output>): Probe['run'] =>
  async (command, args) =>
    wanted(command, args) ? { code: 1, stdout: '', stderr: '', ...output } : healthy.run(command, args)

describe('doctor', () => {
  test('a machine with everything passes', async () => {
    const { code, text } = await examine({})
    expect(code).toBe(0)
    expect(text).not.toMatch(/FAIL|warn/)
    expect(text).toContain('This machine can run Fairlead.')
  })

  test('a missing tool fails and names its package', async () => {
    const { code, text } = await examine({ run: failing(command => command === 'haproxy', { code: 127 }) })
    expect(code).toBe(1)
    expect(text).toMatch(/FAIL {2}haproxy .*not installed/)
    expect(text).toContain('apt-get install haproxy')
  })

  test('an old Node fails', async () => {
    expect((await examine({ nodeVersion: 'v20.18.1' })).code).toBe(1)
    expect((await examine({ nodeVersion: 'v22.1.0' })).code).toBe(0)
  })

  test.each([
    ['No space left on device', {}, 'max_user_namespaces'],
    [
      'Operation not permitted',
      { 'kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      'apparmor_restrict_unprivileged_userns=0',
    ],
    ['Operation not permitted', { 'kernel/unprivileged_userns_clone': '0\n' }, 'unprivileged_userns_clone=1'],
    ['mount /proc failed: Operation not permitted', {}, 'masked /proc'],
    ['Operation not permitted', {}, 'run as root'],
  ])(
    'user namespaces refused with "%s" %j: the remedy names %s',
    async (stderr, files: Record<string, string>, remedy) => {
      const { code, text } = await examine({
        uid: 1000,
        run: failing((command, args) => command === 'unshare' && args.includes('--mount-proc'), { stderr }),
        read: async path => files[path.replace('/proc/sys/', '')] ?? healthy.read(path),
      })
      expect(code).toBe(1)
      expect(text).toContain(remedy)
    },
  )

  test('a kernel feature that only later parts need is a warning', async () => {
    const without = (feature: string) =>
      failing((_, args) => args.some(argument => argument.includes(`type ${feature}`)), {
        stderr: 'Unknown device type.',
      })
    expect((await examine({ run: without('macvlan') })).code).toBe(0)
    expect((await examine({ run: without('vxlan') })).code).toBe(1)
  })

  test('a taken port, few conntrack entries and few files are warnings with a remedy', async () => {
    const { code, text } = await examine({
      bind: async port => (port === 6443 ? 'EADDRINUSE' : port === 80 ? 'EACCES' : undefined),
      read: async () => '1024\n',
      run: async (command, args) =>
        command === 'sh' && args[1] === 'ulimit -Hn' ? { ...fine, stdout: '1024\n' } : fine,
    })
    expect(code).toBe(0)
    expect(text).toMatch(/warn {2}port 6443 +taken/)
    expect(text).toMatch(/warn {2}port 80 +not allowed/)
    expect(text).toMatch(/warn {2}nf_conntrack_max/)
    expect(text).toMatch(/warn {2}open files/)
  })
})
