import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { kernelLinks } from '../link/real.ts'
import { kernelNetns } from '../netns/real.ts'
import { processConformance } from './conformance.ts'
import type { Child, Mount, SpawnSpec } from './mod.ts'
import { kernelProcesses } from './real.ts'

const netns = kernelNetns()
const processes = kernelProcesses(netns)
const KINDS = ['net', 'mnt', 'uts', 'ipc', 'pid_for_children']
const own = (): string[] => KINDS.map(kind => readlinkSync(`/proc/thread-self/ns/${kind}`))

const folder = mkdtempSync(`${tmpdir()}/fairlead-process-`)
const before = own()
const cwd = process.cwd()
afterEach(() => {
  expect(own()).toEqual(before)
  expect(process.cwd()).toBe(cwd)
})
afterAll(() => rmSync(folder, { recursive: true }))

const box = (mounts: readonly Mount[] = [], readOnlyRoot = false): NonNullable<SpawnSpec['sandbox']> => ({
  hostname: 'box',
  mounts,
  readOnlyRoot,
})
const sh = (script: string, more: Partial<SpawnSpec> = {}): Promise<Child> =>
  processes.spawn({ command: 'sh', args: ['-c', script], env: {}, ...more })
async function output(script: string, more: Partial<SpawnSpec> = {}): Promise<string> {
  const child = await sh(script, more)
  const [out, err] = await Promise.all([text(child.stdout), child.stderr ? text(child.stderr) : ''])
  const { code } = await child.exited
  return `${out}${err}${code === 0 ? '' : `exit ${code}`}`.trim()
}

describe('kernelProcesses', () => {
  processConformance(() => processes)
})

describe('kernelProcesses beyond the interface', () => {
  it('lets /dev/stdout and /dev/stderr be opened', async () => {
    expect(await output('echo out > /dev/stdout; echo err > /dev/stderr')).toBe('out\nerr')
  })

  it('runs in a network namespace', async () => {
    const at = netns.create('process-a')
    kernelLinks(netns).apply(at, [{ op: 'bridge', name: 'only-here' }])
    expect(await output('cat /proc/net/dev', { netns: at })).toContain('only-here')
    expect(await output('cat /proc/net/dev')).not.toContain('only-here')
    expect(await output('ls /sys/class/net', { netns: at, sandbox: box() })).toContain('only-here')
    netns.remove(at)
  })

  it('does not wait for output that nobody reads', async () => {
    expect(await (await sh('echo unread; exit 3')).exited).toEqual({ code: 3 })
  })
})

describe('a sandbox', () => {
  let source: string
  beforeAll(() => {
    source = `${folder}/volume`
    mkdirSync(source)
    writeFileSync(`${source}/key`, 'value')
    writeFileSync(`${folder}/resolv.conf`, 'nameserver 172.30.0.10')
  })

  it('has its own processes, name and files', async () => {
    expect(await output('echo $$; hostname; ls /tmp /run; ls /proc | grep -c "^[0-9]"', { sandbox: box() })).toMatch(
      /^1\nbox\n\/run:\n\n\/tmp:\n[1-4]$/,
    )
  })

  it('loses what it writes', async () => {
    const mark = `/etc/fairlead-test-${process.pid}`
    const script = `echo x > ${mark}; echo y > /fairlead; echo z > /tmp/z; cat ${mark} /fairlead /tmp/z; touch /usr/x || echo fixed`
    expect(await output(script, { sandbox: box() })).toMatch(/^x\ny\nz\nfixed/)
    for (const path of [mark, '/fairlead', '/tmp/z']) expect(existsSync(path)).toBe(false)
  })

  it("has what every program needs of /dev, and nothing of this machine's homes and disks", async () => {
    const home = `/root/fairlead-test-${process.pid}`
    writeFileSync(home, 'private')
    const script = `cat ${home} 2>/dev/null || echo hidden; ls /dev; echo x > /dev/null && head -c2 /dev/zero | wc -c; echo out > /dev/stdout; touch /dev/shm/x /dev/termination-log && echo made`
    const expected =
      'hidden\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n2\nout\nmade'
    try {
      expect(await output(script, { sandbox: box() })).toBe(expected)
      expect(await output(`cat ${home}`)).toBe('private')
      expect(existsSync('/dev/termination-log')).toBe(false)
    } finally {
      rmSync(home)
    }
  })

  it('has the capabilities it is given and no others', async () => {
    const bind = `exec busybox nc -l -p 80 -w 1 2>&1 < /dev/null`
    const at = netns.create('low-ports')
    try {
      const tried = (more: Partial<SpawnSpec>) => output(bind, { sandbox: box(), netns: at, ...more })
      expect(await tried({ capabilities: ['CHOWN'] })).toContain('Permission denied')
      expect(await tried({ capabilities: ['NET_BIND_SERVICE'] })).not.toContain('Permission denied')
      expect(await tried({ uid: 1234, capabilities: ['NET_BIND_SERVICE'] })).toContain('Permission denied')
      expect(await tried({})).not.toContain('Permission denied')
      const id = await output('id -u; id -g; id -G; echo x > /dev/stdout', {
        sandbox: box(),
        uid: 5,
        gid: 0,
        groups: [7, 8],
      })
      expect(id).toBe('5\n0\n0 7 8\nx')
    } finally {
      netns.close(at)
      netns.remove(netns.open('low-ports'))
    }
  })

  it('mounts files and folders where it is told, making the targets', async () => {
    const mounts = [
      { source, target: '/data/deep/volume' },
      { source, target: '/var/run/secrets/token', readOnly: true },
      { source: `${folder}/resolv.conf`, target: '/etc/resolv.conf', readOnly: true },
    ]
    const script =
      'cat /etc/resolv.conf; echo; cat /data/deep/volume/key /run/secrets/token/key; echo; ' +
      'echo w > /data/deep/volume/written; touch /var/run/secrets/token/x 2>/dev/null || echo refused'
    expect(await output(script, { sandbox: box(mounts) })).toBe('nameserver 172.30.0.10\nvaluevalue\nrefused')
    expect(readFileSync(`${source}/written`, 'utf8')).toBe('w\n')
    expect(readFileSync('/etc/resolv.conf', 'utf8')).not.toContain('172.30.0.10')
    await expect(sh('true', { sandbox: box([{ source: '/no/such', target: '/x' }]) })).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  it('can be read-only but for its volumes', async () => {
    const script =
      'touch /etc/x /x /tmp/x 2>/dev/null || echo fixed; touch /data/free && echo free; echo void > /dev/null'
    expect(await output(script, { sandbox: box([{ source, target: '/data' }], true) })).toBe('fixed\nfree')
    expect(await output('touch /etc/x /x && echo free', { sandbox: box([{ source, target: '/data' }]) })).toBe('free')
  })

  it('makes its working directory, and takes commands from a path', async () => {
    expect(await output('pwd', { sandbox: box(), cwd: '/srv/app/deep' })).toBe('/srv/app/deep')
    await expect(processes.spawn({ command: 'nothing', args: [], env: {}, sandbox: box() })).rejects.toMatchObject({
      code: 'ENOENT',
    })
    await expect(processes.spawn({ command: '/etc/passwd', args: [], env: {}, sandbox: box() })).rejects.toMatchObject({
      code: 'EACCES',
    })
  })

  it('switches the user where that can be done', async () => {
    const seen = await output('id -u; id -g; id -G; cat /proc/self/status | grep CapEff', {
      sandbox: box(),
      uid: 1234,
      gid: 4321,
    })
    if (processes.canSwitchUser) expect(seen).toBe('1234\n4321\n4321\nCapEff:\t0000000000000000')
    else expect(seen).toMatch(/^0\n0\n/)
  })

  it('dies whole, with what was entered', async () => {
    const child = await sh('sleep 1000 & sleep 1000 & wait', { sandbox: box() })
    const entered = await processes.enter(child, { command: 'sleep', args: ['1000'], env: {} })
    child.kill('SIGKILL')
    expect(await child.exited).toEqual({ code: 137, signal: 'SIGKILL' })
    expect(await entered.exited).toEqual({ code: 137, signal: 'SIGKILL' })
  })

  it('is entered with its name, files and processes', async () => {
    const at = netns.create('process-a')
    const child = await sh('echo here > /tmp/mark; echo ready; exec sleep 1000', { sandbox: box(), netns: at })
    await new Promise(resolve => child.stdout.once('data', resolve))
    const entered = await processes.enter(child, {
      command: 'sh',
      args: ['-c', 'hostname; cat /tmp/mark; cat /proc/1/comm; readlink /proc/self/ns/net'],
      env: {},
    })
    const network = netns.within(at, () => readlinkSync('/proc/thread-self/ns/net'))
    expect(await text(entered.stdout)).toBe(`box\nhere\nsleep\n${network}\n`)
    child.kill('SIGKILL')
    await child.exited
    netns.remove(at)
  })
})

describe('a terminal', () => {
  const tty = { columns: 91, rows: 17 }
  for (const [where, more] of Object.entries<Partial<SpawnSpec>>({
    'of this side': {},
    'in a sandbox': { sandbox: box() },
  }))
    it(`${where} is the controlling one, with its size and exit code`, async () => {
      const child = await sh('stty size; echo line > /dev/tty; exit 5', { tty, ...more })
      expect(await text(child.stdout)).toBe('17 91\r\nline\r\n')
      expect(await child.exited).toEqual({ code: 5 })
    })

  it('passes keys on, and follows its size', async () => {
    const child = await sh('echo ready; read x; stty size; echo got $x; exec sleep 1000', { tty })
    let seen = ''
    const until = async (mark: string): Promise<void> => {
      while (!seen.includes(mark))
        await new Promise(resolve => child.stdout.once('readable', resolve)).then(
          () => (seen += child.stdout.read() ?? ''),
        )
    }
    await until('ready')
    child.resize(50, 40)
    child.stdin.write('word\n')
    await until('got word')
    expect(seen).toContain('40 50')
    child.stdin.write(Buffer.of(3))
    expect(await child.exited).toEqual({ code: 130, signal: 'SIGINT' })
  })

  it('can be had in a child', async () => {
    const child = await sh('exec sleep 1000', { sandbox: box() })
    const entered = await processes.enter(child, { command: 'sh', args: ['-c', 'hostname; stty size'], env: {}, tty })
    expect(await text(entered.stdout)).toBe('box\r\n17 91\r\n')
    child.kill('SIGKILL')
    await child.exited
  })
})
