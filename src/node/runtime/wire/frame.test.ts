import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Channel, encodeFrame, frameDecoder } from './frame.ts'

test('frames come out as they went in, however the bytes are cut', () => {
  const frame = fc.record({
    channel: fc.constantFrom(...Object.values(Channel)),
    payload: fc.uint8Array({ maxLength: 40 }),
  })
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ channel, payload }) => encodeFrame(channel, payload)))
        const decode = frameDecoder()
        const out: unknown[] = []
        for (let at = 0; at < bytes.length; ) {
          const next = at + cuts.next().value
          out.push(
            ...decode(bytes.subarray(at, next)).map(({ channel, payload }) => ({ channel, payload: [...payload] })),
          )
          at = next
        }
        expect(out).toEqual(frames.map(({ channel, payload }) => ({ channel, payload: [...payload] })))
      },
    ),
  )
})

test('a length that no sender writes ends the connection, and only that', () => {
  expect(() => frameDecoder()(Buffer.from([0, 0, 0, 0, 0]))).toThrow(/over the limit/)
  expect(() => frameDecoder()(Buffer.from([255, 0, 0, 0, 0]))).toThrow(/over the limit/)
  expect(frameDecoder()(Buffer.from([0, 0, 0, 1, 2]))).toEqual([{ channel: 2, payload: Buffer.alloc(0) }])
})
