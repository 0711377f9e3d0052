import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { PassThrough, type Readable, Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { C, check, libc } from '../libc.ts'

/** This side's streams, and the child's descriptors 0-2, which must be closed once the child has them. */
export interface Stdio {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable | null
  readonly child: readonly [number, number, number]
  /** Closes the child's ends here. */
  release(): void
  resize(columns: number, rows: number): void
}

/** Pipes, not the socket pairs Node would make: /dev/stdout of a socket cannot be opened. */
export function pipeStdio(): Stdio {
  const [in_, out, err] = [pipe(), pipe(), pipe()]
  const stdin = new Socket({ fd: in_.write, readable: false, writable: true })
  stdin.on('error', () => {})
  return {
    stdin,
    stdout: new Socket({ fd: out.read, readable: true, writable: false }),
    stderr: new Socket({ fd: err.read, readable: true, writable: false }),
    child: [in_.read, out.write, err.write],
    release: () => {
      for (const fd of [in_.read, out.write, err.write]) closeSync(fd)
    },
    resize: () => {},
  }
}

function pipe(): { read: number; write: number } {
  const fds = Buffer.alloc(8)
  check(libc().pipe2(fds, C.O_CLOEXEC), 'pipe2')
  return { read: fds.readInt32LE(0), write: fds.readInt32LE(4) }
}

const END_OF_TRANSMISSION = Buffer.of(4)

/** A terminal; the child must make it its controlling one. */
export function ttyStdio(columns: number, rows: number): Stdio {
  const [master, slave] = [Buffer.alloc(4), Buffer.alloc(4)]
  check(libc().openpty(master, slave, null, null, windowSize(columns, rows)), 'openpty')
  const [ours, theirs] = [master.readInt32LE(0), slave.readInt32LE(0)]
  libc().fcntl(ours, C.F_SETFD, C.FD_CLOEXEC)
  libc().fcntl(theirs, C.F_SETFD, C.FD_CLOEXEC)
  const terminal = new ReadStream(ours)
  const stdout = new PassThrough()
  terminal.pipe(stdout)
  // EIO: the last process has closed the terminal.
  terminal.on('error', () => stdout.end())
  terminal.on('close', () => stdout.end())
  const stdin = new Writable({
    write: (chunk, _, done) => void terminal.write(chunk, () => done()),
    final: done => void terminal.write(END_OF_TRANSMISSION, () => done()),
  })
  return {
    stdin,
    stdout,
    stderr: null,
    child: [theirs, theirs, theirs],
    release: () => closeSync(theirs),
    resize: (width, height) => {
      if (!terminal.destroyed) libc().ioctl(ours, C.TIOCSWINSZ, windowSize(width, height))
    },
  }
}

/** struct winsize. */
function windowSize(columns: number, rows: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(Math.min(rows, 0xffff), 0)
  bytes.writeUInt16LE(Math.min(columns, 0xffff), 2)
  return bytes
}
