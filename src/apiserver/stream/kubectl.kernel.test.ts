/** Real clients: kubectl 1.32 speaks WebSocket, 1.29 SPDY. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestRuntime, TestServer } from './testing.ts'
import { testRuntime, testServer } from './testing.ts'

const folders = ['/usr/lib/google-cloud-sdk/bin', '/usr/local/bin', '/usr/bin']
const kubectlOf = (version: string): string =>
  folders.map(folder => join(folder, `kubectl.${version}`)).find(existsSync) ?? ''

let runtime: TestRuntime
let server: TestServer
let folder: string

beforeAll(async () => {
  runtime = testRuntime()
  server = await testServer(runtime)
  folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
  await server.addPod('p')
  await server.addPod('two', ['a', 'b'])
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly child: ChildProcess
  /** Resolves with all output so far when it matches; rejects when the program ends first. */
  shows(pattern: RegExp): Promise<string>
  readonly finished: Promise<Finished>
}

function start(command: readonly string[]): Running {
  const child = spawn(command[0]!, command.slice(1), {
    env: { ...process.env, KUBECONFIG: server.kubeconfig, HOME: folder },
  })
  let stdout = ''
  let stderr = ''
  let check = (): void => {}
  child.stdout.on('data', chunk => {
    stdout += chunk
    check()
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
    check()
  })
  const finished = new Promise<Finished>(resolve => child.once('close', code => resolve({ code, stdout, stderr })))
  return {
    child,
    finished,
    shows: pattern =>
      new Promise((resolve, reject) => {
        check = () => pattern.test(stdout + stderr) && resolve(stdout + stderr)
        check()
        void finished.then(end => reject(new Error(`ended with ${end.code}: ${stdout}${stderr}`)))
      }),
  }
}

describe.each(['1.32', '1.29'])('kubectl %s', version => {
  const kubectl = kubectlOf(version)
  const begin = (...args: readonly string[]): Running => start([kubectl, ...args])
  const run = (args: readonly string[], stdin?: Buffer | string): Promise<Finished> => {
    const { child, finished } = begin(...args)
    child.stdin!.on('error', () => {})
    child.stdin!.end(stdin)
    return finished
  }

  describe.skipIf(kubectl === '')(kubectl === '' ? 'is not on this machine' : 'streams', () => {
    it('exec: output, errors and the exit code', async () => {
      expect(await run(['exec', 'p', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
        code: 3,
        stdout: 'out\n',
        stderr: 'err\ncommand terminated with exit code 3\n',
      })
      expect(await run(['exec', 'p', '--', 'true'])).toEqual({ code: 0, stdout: '', stderr: '' })
    })

    it('exec of what does not exist says so', async () => {
      const { code, stderr } = await run(['exec', 'p', '--', '/no/such'])
      expect(code).toBe(1)
      expect(stderr).toMatch('error executing command in container: spawn /no/such ENOENT')
    })

    it('exec -i: input, and its end', async () => {
      const { code, stdout } = await run(['exec', '-i', 'p', '--', 'sh', '-c', 'cat; echo end'], 'hello\n')
      expect([code, stdout]).toEqual([0, 'hello\nend\n'])
    })

    it('exec -i: megabytes both ways, byte for byte', async () => {
      const input = randomBytes(3_000_000).toString('base64')
      const { code, stdout } = await run(['exec', '-i', 'p', '--', 'cat'], input)
      expect(code).toBe(0)
      expect(stdout === input).toBe(true)
    })

    it('exec -it: a terminal with its size, and the exit code', async () => {
      const command = `stty rows 24 cols 100; exec ${kubectl} exec -it p -- fake`
      const { child, shows, finished } = start(['script', '-qec', command, '/dev/null'])
      await shows(/\[100x24\]/)
      child.stdin!.write('hey')
      await shows(/HEY/)
      child.stdin!.write('q')
      expect((await finished).code).toBe(7)
      expect(runtime.asked.exec.at(-1)).toMatchObject({ tty: true, stdin: true, command: ['fake'] })
    })

    it('exec ends with its client', async () => {
      const { child, shows, finished } = begin('exec', '-i', 'p', '--', 'sh', '-c', 'echo ready; exec sleep 1000')
      await shows(/ready/)
      const [process] = [...runtime.running]
      const gone = new Promise(resolve => process!.once('exit', (_, signal) => resolve(signal)))
      child.kill('SIGKILL')
      await finished
      expect(await gone).toBe('SIGKILL')
    })

    it('attach', async () => {
      const { child, shows, finished } = start(['script', '-qec', `${kubectl} attach -it p -c c`, '/dev/null'])
      await shows(/press|command prompt/)
      child.stdin!.write('hey')
      await shows(/HEY/)
      child.stdin!.write('q')
      await finished
      expect(runtime.asked.attach.at(-1)).toBe('c')
    })

    it('cp: a file in and out', async () => {
      const content = randomBytes(500_000)
      await writeFile(join(folder, 'from'), content)
      const there = await mkdtemp(join(folder, 'pod-'))
      expect(await run(['cp', join(folder, 'from'), `default/p:${there}/file`, '-c', 'c'])).toMatchObject({ code: 0 })
      expect((await readFile(join(there, 'file'))).equals(content)).toBe(true)
      expect(await run(['cp', `default/p:${there}/file`, join(folder, 'back'), '-c', 'c'])).toMatchObject({ code: 0 })
      expect((await readFile(join(folder, 'back'))).equals(content)).toBe(true)
    })

    describe('port-forward', () => {
      let target: Server
      beforeAll(async () => {
        target = createServer({ allowHalfOpen: true }, socket => {
          const chunks: Buffer[] = []
          socket
            .on('data', chunk => chunks.push(chunk))
            .on('end', () => socket.end(Buffer.concat(chunks)))
            .on('error', () => {})
        })
        await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
      })
      afterAll(() => void target.close())

      /** Sends all, ends its side, and reads what comes back. */
      const through = (port: number, content: Buffer): Promise<Buffer> =>
        new Promise((resolve, reject) => {
          const chunks: Buffer[] = []
          const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(content))
          socket
            .on('data', chunk => chunks.push(chunk))
            .on('end', () => resolve(Buffer.concat(chunks)))
            .on('error', reject)
        })

      it('many connections, with half-closes', async () => {
        const { port } = target.address() as AddressInfo
        const { child, shows, finished } = begin('port-forward', 'pod/p', `:${port}`)
        const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(await shows(/127\.0\.0\.1:\d+ ->/))![1])
        const contents = Array.from({ length: 8 }, (_, i) => randomBytes(100_000 * i + 1))
        const returned = await Promise.all(contents.map(content => through(local, content)))
        expect(returned.every((content, i) => content.equals(contents[i]!))).toBe(true)
        child.kill()
        await finished
      })

      it('to a port where nobody listens, says so', async () => {
        const { child, shows, finished } = begin('port-forward', 'pod/p', ':1')
        const local = Number(/127\.0\.0\.1:(\d+) ->/.exec(await shows(/127\.0\.0\.1:\d+ ->/))![1])
        await through(local, Buffer.from('x')).catch(() => {})
        await shows(/error forwarding port 1 to pod p, uid .*ECONNREFUSED/)
        child.kill()
        await finished
      })
    })

    it('refusals are told in the words of the API', async () => {
      expect((await run(['exec', 'two', '-c', 'x', '--', 'true'])).stderr).toMatch(
        'container x is not valid for pod two',
      )
      expect((await run(['logs', 'two', '-c', 'x'])).stderr).toMatch('container x is not valid for pod two')
      expect((await run(['logs', 'p', '--previous'])).stderr).toMatch(
        'previous terminated container "c" in pod "p" not found',
      )
      expect((await run(['exec', 'two', '-c', 'b', '--', 'echo', 'b'])).stdout).toBe('b\n')
    })
  })
})

describe.skipIf(kubectlOf('1.32') === '')('kubectl logs', () => {
  it('of the past, and followed', async () => {
    runtime.log('one\n')
    runtime.log('two\n')
    const past = start([kubectlOf('1.32'), 'logs', 'p', '--tail=5', '--timestamps', '--since=10m'])
    expect((await past.finished).stdout).toBe('one\ntwo\n')
    expect(runtime.asked.logs.at(-1)).toMatchObject({ container: 'c', tailLines: 5, timestamps: true, follow: false })
    expect(runtime.asked.logs.at(-1)!.sinceTimeMs).toBeGreaterThan(0)
    const { shows, finished } = start([kubectlOf('1.32'), 'logs', '-f', 'p'])
    await shows(/two/)
    runtime.log('three\n')
    await shows(/three/)
    runtime.log(undefined)
    expect(await finished).toMatchObject({ code: 0, stdout: 'one\ntwo\nthree\n' })
  })
})
