import { afterEach, expect, it } from 'vitest'
import { ip } from '../../lib/ip.ts'
import { accepts, parseMap, parseServersState, versionOf } from '../../wire/haproxy/answer.ts'
import * as wire from '../../wire/haproxy/command.ts'
import { printProgram } from '../../wire/haproxy/program.ts'
import { type Haproxy, HaproxyGone, HaproxyRefused, type Program } from './mod.ts'
import { otherCertificate, someCertificate } from './testdata/certificates.ts'

/** Listens on a Unix socket only, so that it needs no namespace of its own. */
export const sampleProgram = (files: Record<string, string> = {}): Program => ({
  config: printProgram([
    { type: 'defaults', name: 'web', lines: [['mode', 'http'], ...TIMEOUTS] },
    {
      type: 'frontend',
      name: 'public',
      from: 'web',
      lines: [
        ['bind', 'abns@fairlead-conformance', 'ssl', 'crt', 'certs/default.pem', 'crt-list', 'certs.list'],
        ['use_backend', '%[path,map_beg(http.map)]'],
      ],
    },
    {
      type: 'backend',
      name: 'b0',
      from: 'web',
      lines: [
        ['balance', 'random'],
        ['server', 'old', '127.0.0.1:9', 'check'],
      ],
    },
    { type: 'backend', name: 'b1', from: 'web', lines: [['balance', 'roundrobin']] },
  ]),
  files: new Map(
    Object.entries({ 'http.map': '/a/ b0\n', 'certs.list': '', 'certs/default.pem': someCertificate, ...files }),
  ),
})
const TIMEOUTS = ['connect', 'client', 'server'].map(name => ['timeout', name, '5s'])

/** What every Haproxy must do. `make` gives one that does not serve yet. */
export function haproxyConformance(make: () => Promise<Haproxy>): void {
  let haproxy: Haproxy
  afterEach(() => haproxy.stop(1000))
  const start = async (): Promise<void> => {
    haproxy = await make()
    await haproxy.load(sampleProgram())
  }
  const all = async (...commands: readonly wire.Command[]): Promise<void> => {
    const answers = await haproxy.run(commands)
    expect(answers.map((answer, index) => (accepts(commands[index]!, answer) ? '' : answer))).toEqual(
      commands.map(() => ''),
    )
  }
  const refuses = async (command: wire.Command): Promise<void> => {
    const [answer] = await haproxy.run([command])
    expect(accepts(command, answer!), answer).toBe(false)
  }
  const map = async (): Promise<readonly (readonly [string, string])[]> =>
    parseMap((await haproxy.run([wire.show('map', 'http.map')]))[0]!)
  const servers = async (): Promise<readonly string[]> =>
    parseServersState((await haproxy.run([wire.show('servers state')]))[0]!).map(
      ({ backend, server, address, port, maintenance }) =>
        `${backend}/${server} ${address}:${port} ${maintenance ? 'maintenance' : 'ready'}`,
    )
  const server = { address: ip('10.0.0.1'), port: 8080, checkMs: 5000 }

  it('runs nothing before a program is loaded', async () => {
    haproxy = await make()
    await expect(haproxy.run([wire.show('info')])).rejects.toBeInstanceOf(HaproxyGone)
    expect((await haproxy.load(sampleProgram())).version).toMatch(/^\d+\.\d+/)
    await all(wire.show('info'))
  })

  it('serves what the program says', async () => {
    await start()
    expect(await map()).toEqual([['/a/', 'b0']])
    expect(await servers()).toEqual(['b0/old 127.0.0.1:9 ready'])
  })

  it('adds, checks, stops and deletes servers', async () => {
    await start()
    await all(wire.addServer('b1', 's1', server))
    expect(await servers()).toContain('b1/s1 10.0.0.1:8080 maintenance')
    await all(
      wire.enableServer('b1', 's1'),
      wire.setHealthChecks('b1', 's1', true),
      wire.setHealthChecks('b1', 's1', false),
    )
    expect(await servers()).toContain('b1/s1 10.0.0.1:8080 ready')
    await refuses(wire.addServer('b1', 's1', server))
    await refuses(wire.addServer('b9', 's1', server))
    await refuses(wire.deleteServer('b1', 's1'))
    await refuses(wire.enableServer('b1', 'nobody'))
    await all(wire.disableServer('b1', 's1'), wire.deleteServer('b1', 's1'))
    await all(wire.disableServer('b0', 'old'), wire.deleteServer('b0', 'old'))
    expect(await servers()).toEqual([])
  })

  it('a server without a check cannot be checked', async () => {
    await start()
    await all(wire.addServer('b1', 's1', { address: server.address, port: 1 }))
    await refuses(wire.setHealthChecks('b1', 's1', true))
    await all(wire.addServer('b1', 's2', server), wire.setHealthChecks('b1', 's2', true))
  })

  it('adds, sets and deletes map entries, whatever they hold', async () => {
    await start()
    const hostile = ['/x;y/', '/q"\'\\/', '/%[src]/', '/<</'].map(key => [key, 'b1 | "; show info'] as const)
    await all(...wire.addMap('http.map', hostile), wire.setMap('http.map', ['/a/', 'b1']))
    const plain = (text: string): string => text.replace(/\\(["'\\;])/g, '$1')
    expect((await map()).map(([key, value]) => [plain(key), plain(value)])).toEqual([['/a/', 'b1'], ...hostile])
    await all(wire.deleteMap('http.map', '/a/'))
    await refuses(wire.deleteMap('http.map', '/a/'))
    await refuses(wire.setMap('http.map', ['/a/', 'b1']))
    for (const command of wire.addMap('other.map', [['/', 'b0']])) await refuses(command)
    expect(await map()).toHaveLength(hostile.length)
  })

  it('replaces a map at once', async () => {
    await start()
    const [answer] = await haproxy.run([wire.prepareMap('http.map')])
    const version = versionOf(answer!)!
    const entries = Array.from({ length: 2000 }, (_, index) => [`/many/${index}/`, 'b0'] as const)
    await all(...wire.addMapVersion('http.map', version, entries))
    expect(await map()).toEqual([['/a/', 'b0']])
    await all(wire.commitMap('http.map', version))
    expect(await map()).toEqual(entries)
  })

  it('takes, replaces and gives up certificates; a bad one harms nothing', async () => {
    await start()
    const file = 'certs/a.pem'
    await all(...wire.newCertificate(file, someCertificate), wire.addCrtList('certs.list', { file, hosts: ['a.test'] }))
    await all(...wire.setCertificate(file, otherCertificate))
    const [, commit] = wire.setCertificate(file, otherCertificate)
    const keyless = someCertificate.slice(0, someCertificate.indexOf('-----BEGIN PRIVATE'))
    await haproxy.run([wire.setCertificate(file, keyless)[0]!])
    await refuses(commit!)
    await all(wire.abortCertificate(file))
    await refuses(wire.deleteCertificate(file))
    await all(wire.deleteCrtList('certs.list', file), wire.deleteCertificate(file))
    await refuses(wire.deleteCertificate(file))
  })

  it('answers in order, however many commands are under way', async () => {
    await start()
    const commands = Array.from({ length: 500 }, (_, index) =>
      index % 2 === 0 ? wire.addServer('b1', `s${index}`, server) : wire.enableServer('b1', `s${index}`),
    )
    const [first, second] = await Promise.all([haproxy.run(commands), haproxy.run([wire.show('info')])])
    expect(new Set(first.filter((_, index) => index % 2 === 0))).toEqual(new Set(['New server registered.']))
    expect(new Set(first.filter((_, index) => index % 2 === 1))).toEqual(new Set(['No such server.']))
    expect(second[0]).toContain('Pid:')
    expect(await haproxy.run([])).toEqual([])
  })

  it('a new program takes the place of the old one and of all commands', async () => {
    haproxy = await make()
    const first = await haproxy.load(sampleProgram())
    await all(...wire.addMap('http.map', [['/b/', 'b1']]))
    const second = await haproxy.load(sampleProgram({ 'http.map': '/c/ b1\n' }))
    expect(second.pid).not.toBe(first.pid)
    expect(await map()).toEqual([['/c/', 'b1']])
  })

  it('refuses a bad program, says why, and goes on with the good one', async () => {
    await start()
    const bad = sampleProgram({ 'certs/b.pem': 'nonsense', 'certs.list': 'certs/b.pem b.test\n' })
    const error = await haproxy.load(bad).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HaproxyRefused)
    expect((error as HaproxyRefused).alerts.join()).toContain('certs/b.pem')
    await expect(haproxy.check(bad)).rejects.toBeInstanceOf(HaproxyRefused)
    await expect(haproxy.check(sampleProgram())).resolves.toBeUndefined()
    expect(await map()).toEqual([['/a/', 'b0']])
  })

  it('runs nothing after it was stopped', async () => {
    await start()
    await haproxy.stop(1000)
    await expect(haproxy.run([wire.show('info')])).rejects.toBeInstanceOf(HaproxyGone)
  })
}
