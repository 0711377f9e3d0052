import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { ContainerSpec, ContainerStatus, PodRuntime, ProcessStreams, RuntimeEvent, SandboxSpec } from './mod.ts'
import { RuntimeError } from './mod.ts'

export interface Subject {
  readonly runtime: PodRuntime
  /** Makes a namespace for a pod of this UID and gives the sandbox's description. */
  sandbox(podUid: string): SandboxSpec
}

export const container = (podUid: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  podUid,
  name: 'main',
  attempt: 0,
  image: 'busybox',
  command: [],
  args: [],
  env: {},
  ports: [],
  stdin: false,
  stdinOnce: false,
  tty: false,
  mounts: [],
  ...more,
})
const sh = (podUid: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec =>
  container(podUid, { command: ['sh', '-c', script], ...more })

export async function logText(runtime: PodRuntime, podUid: string, more: object = {}): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of runtime.logs({ podUid, container: 'main', ...more }, new AbortController().signal))
    chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** The container's status once it has ended. */
export async function ending(runtime: PodRuntime, podUid: string): Promise<ContainerStatus> {
  const stop = new AbortController()
  const find = (statuses: readonly ContainerStatus[]): ContainerStatus | undefined =>
    statuses.find(status => status.podUid === podUid && status.phase.state === 'exited')
  try {
    for await (const event of runtime.events('node-1', stop.signal)) {
      const found = find(
        event.type === 'all' ? event.sandboxes.flatMap(pod => pod.containers.slice(-1)) : [event.status],
      )
      if (found) return found
    }
  } finally {
    stop.abort()
  }
  throw new Error('the events ended')
}

export async function outcome(streams: ProcessStreams): Promise<{ stdout: string; stderr: string; code: number }> {
  const [stdout, stderr, exit] = await Promise.all([
    text(streams.stdout),
    streams.stderr ? text(streams.stderr) : '',
    streams.exit,
  ])
  return { stdout, stderr, code: exit.code }
}

/** What a pod runtime must do, near and behind a socket alike. Commands are this machine's sh, cat, sleep and echo. */
export function runtimeConformance(open: () => Promise<Subject>): void {
  let count = 0
  const start = async (spec: (uid: string) => ContainerSpec) => {
    const subject = await open()
    const uid = `pod-${++count}`
    await subject.runtime.runSandbox(subject.sandbox(uid))
    const status = await subject.runtime.startContainer(spec(uid))
    return { ...subject, uid, status }
  }

  describe('containers', () => {
    test('a command runs to its end; its output is its log', async () => {
      const { runtime, uid, status } = await start(uid => sh(uid, 'echo out; echo err >&2; exit 3'))
      expect(status).toMatchObject({ name: 'main', attempt: 0, runsAs: 'process' })
      expect((await ending(runtime, uid)).phase).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' })
      expect((await logText(runtime, uid)).split('\n').sort()).toEqual(['', 'err', 'out'])
    })

    test('a command that does not exist has ended at once, and says why', async () => {
      const { status } = await start(uid => container(uid, { command: ['no-such-command'] }))
      expect(status.phase).toMatchObject({
        state: 'exited',
        exitCode: 127,
        reason: 'ContainerCannotRun',
        message: 'exec: "no-such-command": executable file not found in $PATH',
      })
    })

    test('an unknown image with ports is a stand-in, and the reason tells what it answers', async () => {
      const { runtime, uid, status } = await start(uid =>
        container(uid, { image: 'shop/api:1', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }),
      )
      expect(status).toMatchObject({ runsAs: 'stand-in', phase: { state: 'running' } })
      expect(status.why).toBe('the image "shop/api:1" is not known and no command is named; answers on 8080 (HTTP)')
      await runtime.stopContainer(uid, 'main', 10)
      expect((await ending(runtime, uid)).phase).toMatchObject({ exitCode: 0, reason: 'Completed' })
    })

    test('the next attempt keeps the previous one’s log and status', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo first; exit 1'))
      await ending(runtime, uid)
      await runtime.startContainer(sh(uid, 'echo second; exec sleep 60', { attempt: 1 }))
      expect(await logText(runtime, uid, { previous: true })).toBe('first\n')
      const [pod] = (await runtime.list('node-1')).filter(pod => pod.spec.podUid === uid)
      expect(pod!.containers.map(({ attempt, phase }) => [attempt, phase.state])).toEqual([
        [0, 'exited'],
        [1, 'running'],
      ])
      await runtime.removeSandbox(uid, 0)
    })

    test('an attempt that was started before is answered, not started again', async () => {
      const { runtime, uid, status } = await start(uid => sh(uid, 'exec sleep 60'))
      expect(await runtime.startContainer(sh(uid, 'exec sleep 60'))).toEqual(status)
      await expect(runtime.startContainer(sh(uid, 'true', { attempt: 1 }))).rejects.toThrow(/still runs/)
      await runtime.removeSandbox(uid, 0)
    })

    test('SIGKILL follows when the grace is over, and a stopped sandbox keeps its logs', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo hello; exec sleep 60'))
      const follow = { podUid: uid, container: 'main', follow: true }
      for await (const chunk of runtime.logs(follow, new AbortController().signal))
        if (chunk.toString() === 'hello\n') break
      await runtime.stopSandbox(uid, 0)
      expect((await ending(runtime, uid)).phase).toMatchObject({ exitCode: 137, signal: 'SIGKILL' })
      expect((await runtime.list()).find(pod => pod.spec.podUid === uid)?.stopped).toBe(true)
      expect(await logText(runtime, uid)).toBe('hello\n')
      await expect(runtime.startContainer(sh(uid, 'true', { attempt: 1 }))).rejects.toThrow(/does not run/)
    })

    test('a removed sandbox is forgotten, twice without complaint', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'exec sleep 60'))
      await runtime.removeSandbox(uid, 0)
      await runtime.removeSandbox(uid, 0)
      expect((await runtime.list('node-1')).some(pod => pod.spec.podUid === uid)).toBe(false)
      await expect(logText(runtime, uid)).rejects.toThrow(RuntimeError)
      await expect(runtime.startContainer(sh(uid, 'true'))).rejects.toMatchObject({ reason: 'NotFound' })
    })
  })

  describe('events', () => {
    test('everything first, then each change, of this node alone', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'read line; exit 4', { stdin: true }))
      const stop = new AbortController()
      const seen: RuntimeEvent[] = []
      const elsewhere = runtime.events('node-2', stop.signal)[Symbol.asyncIterator]()
      expect((await elsewhere.next()).value).toEqual({ type: 'all', sandboxes: [] })
      for await (const event of runtime.events('node-1', stop.signal)) {
        seen.push(event)
        if (event.type === 'all') (await runtime.attach(uid, 'main')).stdin!.write('go\n')
        else if (event.status.podUid === uid) break
      }
      expect(seen[0]!.type).toBe('all')
      expect(seen.at(-1)).toMatchObject({
        type: 'container',
        status: { podUid: uid, phase: { state: 'exited', exitCode: 4 } },
      })
      stop.abort()
      expect((await elsewhere.next()).done).toBe(true)
    })
  })

  describe('logs', () => {
    test('tail, timestamps, limit', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo one; echo two; echo three'))
      await ending(runtime, uid)
      expect(await logText(runtime, uid, { tailLines: 2 })).toBe('two\nthree\n')
      expect(await logText(runtime, uid, { limitBytes: 5 })).toBe('one\nt')
      expect(await logText(runtime, uid, { timestamps: true, tailLines: 1 })).toMatch(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/,
      )
      await expect(logText(runtime, uid, { previous: true })).rejects.toThrow(/previous terminated container "main"/)
    })

    test('follow tells what comes, and ends with the container', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo before; read line; echo after', { stdin: true }))
      let seen = ''
      for await (const chunk of runtime.logs(
        { podUid: uid, container: 'main', follow: true },
        new AbortController().signal,
      )) {
        if (seen === '') (await runtime.attach(uid, 'main')).stdin!.write('go\n')
        seen += chunk.toString()
      }
      expect(seen).toBe('before\nafter\n')
    })

    test('follow ends with its signal', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo before; exec sleep 60'))
      const stop = new AbortController()
      for await (const chunk of runtime.logs({ podUid: uid, container: 'main', follow: true }, stop.signal)) {
        expect(chunk.toString()).toBe('before\n')
        stop.abort()
      }
      await runtime.removeSandbox(uid, 0)
    })
  })

  describe('exec and attach', () => {
    test('a command gets input, and gives output, errors and its exit code', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'exec sleep 60'))
      const streams = await runtime.exec({
        podUid: uid,
        container: 'main',
        command: ['sh', '-c', 'cat; echo err >&2; exit 7'],
        stdin: true,
        tty: false,
      })
      streams.stdin!.end(`${'x'.repeat(299_999)}\n`)
      const { stdout, stderr, code } = await outcome(streams)
      expect([stdout.length, stderr, code]).toEqual([300_000, 'err\n', 7])
      await runtime.removeSandbox(uid, 0)
    })

    test('a command that does not exist, and a container that does not run, are refused', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'read line', { stdin: true }))
      const exec = { podUid: uid, container: 'main', stdin: false, tty: false }
      await expect(runtime.exec({ ...exec, command: ['no-such-command'] })).rejects.toThrow(
        /executable file not found in \$PATH/,
      )
      await expect(runtime.exec({ ...exec, container: 'other', command: ['true'] })).rejects.toMatchObject({
        reason: 'NotFound',
      })
      expect((await outcome(await runtime.exec({ ...exec, command: ['true'] }))).code).toBe(0)
      await runtime.stopContainer(uid, 'main', 0)
      await expect(runtime.exec({ ...exec, command: ['true'] })).rejects.toThrow(/is not running/)
    })

    test('whoever attaches first hears what an interactive command said before, even after its end', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'echo quick; exit 5', { stdin: true }))
      await ending(runtime, uid)
      expect(await outcome(await runtime.attach(uid, 'main'))).toEqual({ stdout: 'quick\n', stderr: '', code: 5 })
      await expect(runtime.attach(uid, 'main')).rejects.toThrow(/is not running/)
    })

    test('letting go of an attached command leaves it running; its input stays open', async () => {
      const { runtime, uid } = await start(uid =>
        sh(uid, 'while read line; do echo "got $line"; done', { stdin: true }),
      )
      const first = await runtime.attach(uid, 'main')
      first.stdin!.write('one\n')
      expect((await first.stdout[Symbol.asyncIterator]().next()).value.toString()).toBe('got one\n')
      first.close()
      const second = await runtime.attach(uid, 'main')
      second.stdin!.write('two\n')
      expect((await second.stdout[Symbol.asyncIterator]().next()).value.toString()).toBe('got two\n')
      await runtime.removeSandbox(uid, 0)
    })

    test('with stdinOnce the first client’s end of input is the command’s', async () => {
      const { runtime, uid } = await start(uid => sh(uid, 'cat; echo done', { stdin: true, stdinOnce: true }))
      const streams = await runtime.attach(uid, 'main')
      streams.stdin!.end('hello\n')
      expect(await outcome(streams)).toMatchObject({ stdout: 'hello\ndone\n', code: 0 })
    })
  })
}
