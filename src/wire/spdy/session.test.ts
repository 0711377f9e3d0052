import { constants, createDeflate } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dictionary, sized } from './dictionary.ts'
import type { Frame } from './frame.ts'
import { dataHeader, FrameReader, goAway, ping, reset, synReply, synStream, windowUpdate } from './frame.ts'
import { HeaderReader, HeaderWriter } from './headers.ts'
import type { SpdyStream, StreamEvents } from './session.ts'
import { SpdySession } from './session.ts'

/** Header blocks as Go writes them: compressed with the dictionary, one zlib stream for all. */
function compressor(): (headers: Readonly<Record<string, string>>) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: dictionary(), flush: constants.Z_SYNC_FLUSH })
  const chunks: Buffer[] = []
  deflate.on('data', chunk => chunks.push(chunk))
  return async headers => {
    const entries = Object.entries(headers)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(entries.length)
    await new Promise(resolve =>
      deflate.write(Buffer.concat([count, ...entries.flatMap(entry => entry.map(sized))]), resolve),
    )
    return Buffer.concat(chunks.splice(0))
  }
}

const data = (stream: number, text: string, fin = false): Buffer =>
  Buffer.concat([dataHeader(stream, text.length, fin), Buffer.from(text)])
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('dictionary', () => {
  it('is the one of the specification', () => {
    expect(dictionary()).toHaveLength(1423)
    expect(dictionary().subarray(0, 19).toString('latin1')).toBe('\0\0\0\x07options\0\0\0\x04head')
  })
})

describe('frames', () => {
  const frames = Buffer.concat([
    synStream(1, Buffer.from('block'), true),
    synReply(1, Buffer.from('b')),
    data(1, 'hello'),
    data(3, '', true),
    reset(5, 5),
    ping(7),
    windowUpdate(1, 100),
    goAway(9, 2),
  ])
  const expected: Frame[] = [
    { is: 'syn', stream: 1, fin: true, block: Buffer.from('block') },
    { is: 'reply', stream: 1, fin: false, block: Buffer.from('b') },
    { is: 'data', stream: 1, chunk: Buffer.from('hello'), fin: false },
    { is: 'data', stream: 3, chunk: Buffer.alloc(0), fin: true },
    { is: 'reset', stream: 5, status: 5 },
    { is: 'ping', id: 7 },
    { is: 'window', stream: 1, delta: 100 },
    { is: 'goAway', lastStream: 9, status: 2 },
  ]
  /** Pieces of one data frame as one. */
  const joined = (list: readonly Frame[]): Frame[] => {
    const result: Frame[] = []
    for (const frame of list) {
      const last = result.at(-1)
      if (frame.is === 'data' && last?.is === 'data' && last.stream === frame.stream && !last.fin)
        result[result.length - 1] = { ...frame, chunk: Buffer.concat([last.chunk, frame.chunk]) }
      else result.push(frame)
    }
    return result
  }

  it('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: frames.length }), { maxLength: 20 }), cuts => {
        const reader = new FrameReader()
        const ends = [...new Set([...cuts, frames.length])].sort((a, b) => a - b)
        const read = ends.flatMap((end, i) => reader.read(frames.subarray(ends[i - 1] ?? 0, end)))
        expect(joined(read)).toEqual(expected)
      }),
    )
  })

  it('pass data on before the frame is whole', () => {
    const reader = new FrameReader()
    expect(reader.read(Buffer.concat([dataHeader(1, 1_000_000, true), Buffer.from('abc')]))).toEqual([
      { is: 'data', stream: 1, chunk: Buffer.from('abc'), fin: false },
    ])
  })

  it('never make the reader throw anything but SpdyError, or keep much', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), chunks => {
        const reader = new FrameReader()
        try {
          for (const chunk of chunks) reader.read(Buffer.from(chunk))
        } catch (error) {
          expect((error as Error).name).toBe('SpdyError')
        }
      }),
    )
    expect(() => new FrameReader().read(Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]))).toThrow('too long')
    expect(() => new FrameReader().read(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0]))).toThrow('version 2')
    expect(() => new FrameReader().read(Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 1, 0]))).toThrow('ends early')
  })
})

describe('header blocks', () => {
  it('are read as zlib with the dictionary wrote them, one after another', async () => {
    const compress = compressor()
    const reader = new HeaderReader()
    for (let i = 0; i < 5; i++) {
      const headers = { streamtype: 'stdin', port: `${8000 + i}`, requestid: `${i}` }
      expect({ ...(await reader.read(await compress(headers))) }).toEqual(headers)
    }
    reader.close()
  })

  it('are written so that zlib with the dictionary reads them', async () => {
    const writer = new HeaderWriter()
    const reader = new HeaderReader()
    for (const headers of [{}, { a: 'b' }, { status: '200 OK', version: 'HTTP/1.1' }, {}])
      expect({ ...(await reader.read(writer.write(headers))) }).toEqual(headers)
    reader.close()
  })

  it('that are bombs or garbage are refused', async () => {
    const block = await compressor()({ a: 'x'.repeat(10_000_000) })
    expect(block.length).toBeLessThan(64 * 1024)
    await expect(new HeaderReader().read(block)).rejects.toThrow('too long')
    await expect(new HeaderReader().read(Buffer.from('garbage'))).rejects.toThrow('cannot be inflated')
    await expect(new HeaderReader().read(new HeaderWriter().write({}).subarray(0, 9))).rejects.toThrow('ends early')
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`h${i}`, '']))
    await expect(new HeaderReader().read(await compressor()(many))).rejects.toThrow('at most 100')
  })
})

interface Harness {
  readonly session: SpdySession
  readonly sent: FrameReader
  readonly streams: SpdyStream[]
  readonly log: string[]
  frames(): Frame[]
}

function harness(
  options: { consumer?: (stream: SpdyStream) => Partial<StreamEvents>; maxStreams?: number } = {},
): Harness {
  const out: Buffer[] = []
  const log: string[] = []
  const streams: SpdyStream[] = []
  const sent = new FrameReader()
  const session = new SpdySession(
    {
      send: chunk => out.push(Buffer.from(chunk)) > 0,
      pause: () => log.push('pause'),
      resume: () => log.push('resume'),
    },
    {
      stream(stream) {
        streams.push(stream)
        stream.accept({
          data: chunk => log.push(`data ${chunk}`) > 0,
          end: () => log.push('end'),
          closed: () => log.push('closed'),
          drain: () => log.push('drain'),
          ...options.consumer?.(stream),
        })
      },
      failed: error => log.push(`failed: ${error.message}`),
    },
    { maxStreams: options.maxStreams ?? 10 },
  )
  return { session, sent, streams, log, frames: () => out.splice(0).flatMap(chunk => sent.read(chunk)) }
}

/** Header blocks are inflated off the main thread. */
async function until(condition: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 30_000; !condition(); await settled())
    if (performance.now() > endMs) throw new Error('it never came true')
}

describe('session', () => {
  it('opens a stream, carries data both ways and ends', async () => {
    const compress = compressor()
    const { session, streams, log, frames } = harness()
    session.receive(
      Buffer.concat([synStream(1, await compress({ streamType: 'stdin' })), data(1, 'in'), data(1, 'more', true)]),
    )
    await until(() => log.includes('end'))
    expect({ ...streams[0]!.headers }).toEqual({ streamtype: 'stdin' })
    expect(log).toEqual(['pause', 'resume', 'data in', 'data more', 'end'])
    streams[0]!.write(Buffer.from('out'))
    streams[0]!.end()
    expect(frames()).toEqual([
      { is: 'reply', stream: 1, fin: false, block: expect.anything() },
      { is: 'data', stream: 1, chunk: Buffer.from('out'), fin: false },
      { is: 'data', stream: 1, chunk: Buffer.alloc(0), fin: true },
    ])
    session.receive(data(1, 'late'))
    expect(log).toHaveLength(5)
  })

  it('answers pings of the client only', async () => {
    const { session, frames } = harness()
    session.receive(Buffer.concat([ping(1), ping(2), ping(3)]))
    await settled()
    expect(frames()).toEqual([
      { is: 'ping', id: 1 },
      { is: 'ping', id: 3 },
    ])
  })

  it('stops reading while a consumer is full', async () => {
    const { session, streams, log } = harness({ consumer: () => ({ data: () => false }) })
    session.receive(Buffer.concat([synStream(1, await compressor()({})), data(1, 'x'), data(1, 'y')]))
    await until(() => log.length >= 3)
    expect(log).toEqual(['pause', 'resume', 'pause'])
    streams[0]!.resume()
    streams[0]!.resume()
    expect(log).toEqual(['pause', 'resume', 'pause', 'resume'])
  })

  it('a stream that is reset while full lets the others go on', async () => {
    const { session, log } = harness({ consumer: () => ({ data: () => false }) })
    session.receive(Buffer.concat([synStream(1, await compressor()({})), data(1, 'x'), reset(1, 5)]))
    await until(() => log.includes('closed'))
    expect(log).toEqual(['pause', 'resume', 'pause', 'resume', 'closed'])
  })

  it('refuses more streams than allowed, and takes one again when one has gone', async () => {
    const compress = compressor()
    const { session, streams, frames } = harness({ maxStreams: 1 })
    session.receive(Buffer.concat([synStream(1, await compress({})), synStream(3, await compress({}))]))
    await until(() => streams.length === 1)
    await until(() => frames().some(frame => frame.is === 'reset' && frame.stream === 3 && frame.status === 3))
    session.receive(Buffer.concat([reset(1, 5), synStream(5, await compress({}))]))
    await until(() => streams.length === 2)
  })

  it.each([
    ['an even stream', async () => synStream(2, await compressor()({})), /stream 2 after/],
    ['garbage for headers', async () => synStream(1, Buffer.from('garbage')), /inflated/],
    ['another version', async () => Buffer.from([0x80, 9, 0, 1, 0, 0, 0, 0]), /version 9/],
  ])('fails for good on %s', async (_, bytes, message) => {
    const { session, log } = harness()
    session.receive(await bytes())
    await until(() => log.some(line => line.startsWith('failed')))
    expect(log.at(-1)).toMatch(message)
    session.receive(data(1, 'x'))
    session.close()
  })

  it('tells every stream when the transport drains and when it goes', async () => {
    const compress = compressor()
    const { session, streams, log } = harness()
    session.receive(Buffer.concat([synStream(1, await compress({})), synStream(3, await compress({}))]))
    await until(() => streams.length === 2)
    session.drained()
    session.close()
    session.close()
    expect(log.slice(-4)).toEqual(['drain', 'drain', 'closed', 'closed'])
    expect(streams[0]!.write(Buffer.from('x'))).toBe(false)
  })

  it('survives any bytes', async () => {
    const compress = compressor()
    const block = await compress({ a: 'b' })
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map(bytes => Buffer.from(bytes)),
      fc.constantFrom(
        synStream(1, block),
        data(1, 'abc'),
        data(1, '', true),
        reset(1, 1),
        ping(1),
        goAway(1),
        windowUpdate(1, 1),
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async pieces => {
        const { session } = harness()
        for (const bytes of pieces) session.receive(bytes)
        await settled()
        session.close()
      }),
    )
  })
})
