import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { silent } from '../../lib/log.ts'
import { show } from '../../wire/haproxy/command.ts'
import { systemClock } from '../clock/real.ts'
import { haproxyConformance, sampleProgram } from './conformance.ts'
import { type Haproxy, HaproxyGone } from './mod.ts'
import { realHaproxy } from './real.ts'

const scratch = mkdtempSync(join(tmpdir(), 'haproxy-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let count = 0
let folder = ''
const make = (): Promise<Haproxy> => {
  folder = join(scratch, String(++count))
  return realHaproxy({ folder, logs: new PassThrough().resume(), log: silent, clock: systemClock })
}

describe('realHaproxy', () => {
  haproxyConformance(make)

  it('tells of kill -9 at once, and serves again once loaded', async () => {
    const haproxy = await make()
    const { pid } = await haproxy.load(sampleProgram())
    const gone = new Promise<void>(resolve => haproxy.onGone(resolve))
    process.kill(pid, 'SIGKILL')
    await gone
    await expect(haproxy.run([show('info')])).rejects.toBeInstanceOf(HaproxyGone)
    expect((await haproxy.load(sampleProgram())).pid).not.toBe(pid)
    await haproxy.stop(1000)
  })

  it('commands under way when it dies are rejected', async () => {
    const haproxy = await make()
    const { pid } = await haproxy.load(sampleProgram())
    process.kill(pid, 'SIGSTOP')
    const answer = haproxy.run([show('info')])
    process.kill(pid, 'SIGKILL')
    await expect(answer).rejects.toBeInstanceOf(HaproxyGone)
    await haproxy.stop(1000)
  })

  it('the old process ends, and leaves nothing behind', async () => {
    const haproxy = await make()
    const { pid } = await haproxy.load(sampleProgram())
    await haproxy.load(sampleProgram())
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 60_000)
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual(['2']), 60_000)
    await haproxy.stop(1000)
    // Before this process ends: there are keys in it.
    expect(existsSync(folder)).toBe(false)
  })

  it('of too many old processes that still have connections the eldest ends, and no other', async () => {
    const pod = createServer(socket => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
    await once(pod, 'listening')
    const door = createServer().listen(0, '127.0.0.1')
    await once(door, 'listening')
    const [at, to] = [door, pod].map(server => (server.address() as AddressInfo).port) as [number, number]
    await new Promise(resolve => door.close(resolve))
    const config = `defaults
  mode tcp
  timeout connect 60s
  timeout client 600s
  timeout server 600s
listen l
  bind 127.0.0.1:${at}
  server s 127.0.0.1:${to}
`
    const path = join(scratch, String(++count))
    const logs = new PassThrough().resume()
    const haproxy = await realHaproxy({ folder: path, logs, log: silent, clock: systemClock, maxReplaced: 2 })
    const connections: Socket[] = []
    const ends: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      const { pid } = await haproxy.load({ config, files: new Map() })
      expect(ends).toEqual([])
      if (turn === 3) break
      const socket = connect(at, '127.0.0.1')
      connections.push(socket.on('error', () => {}).on('close', () => ends.push(turn)))
      socket.write('hello')
      await once(socket, 'data')
      expect(isAlive(pid)).toBe(true)
    }
    await vi.waitFor(() => expect(ends).toEqual([0]), 60_000)
    for (const socket of connections.slice(1)) {
      socket.write('still there?')
      await once(socket, 'data')
    }
    expect(ends).toEqual([0])
    for (const socket of connections) socket.destroy()
    await haproxy.stop(0)
    pod.close()
  })

  it('inherits the open files of this process', async () => {
    const haproxy = await make()
    const { pid } = await haproxy.load(sampleProgram())
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
    expect(Number(/Max open files\s+(\d+)/.exec(limits)?.[1])).toBe(haproxy.openFiles)
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toBe('haproxy')
    await haproxy.stop(1000)
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })

  it('dies with the process that started it, even by kill -9', async () => {
    const script = join(import.meta.dirname, 'testdata/parent.ts')
    const parent = spawn(process.execPath, ['--import', 'tsx', script, join(scratch, 'parent')])
    const pid = await new Promise<number>(resolve => parent.stdout.once('data', chunk => resolve(Number(chunk))))
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 60_000)
  })
})

/** A zombie has ended, whoever should collect it. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
