import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasEnvelope, readEnvelope, writeEnvelope } from './envelope.ts'
import { cursorOf, ProtobufError, readInt64, readTag } from './read.ts'
import { varintField } from './write.ts'

describe('the envelope', () => {
  it('reads what kubectl sends', () => {
    const body = Buffer.from('6b3873000a0f0a02763112094e616d657370616365120b0a090a0161120022001a001a002200', 'hex')
    const envelope = readEnvelope(body)
    expect(envelope).toMatchObject({ apiVersion: 'v1', kind: 'Namespace', contentType: '', contentEncoding: '' })
    expect(Buffer.from(envelope.raw).toString('hex')).toBe('0a090a0161120022001a00')
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.uint8Array(), (apiVersion, kind, raw) => {
        const envelope = readEnvelope(writeEnvelope({ apiVersion, kind, raw }))
        expect(envelope).toMatchObject({ apiVersion, kind })
        expect(Buffer.from(envelope.raw).equals(raw)).toBe(true)
      }),
    )
  })

  it('refuses other bodies', () => {
    expect(hasEnvelope(Buffer.from('{}'))).toBe(false)
    expect(() => readEnvelope(Buffer.from('{"kind":"Pod"}'))).toThrow(ProtobufError)
    expect(() => readEnvelope(Buffer.from('k8s\0\x0a\xff', 'latin1'))).toThrow(ProtobufError)
  })
})

describe('varints', () => {
  it('keep every number that JavaScript can hold', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), value => {
        const cursor = cursorOf(varintField(3, value))
        expect(readTag(cursor)).toEqual({ field: 3, wire: 0 })
        expect(readInt64(cursor)).toBe(value)
      }),
    )
  })
})
