/** The envelope Kubernetes puts around protobuf bodies: "k8s\0", then a message that names the type of the rest. */
import type { Cursor } from './read.ts'
import { BYTES, cursorOf, ProtobufError, readBytes, readTag, readText, restOf, skip } from './read.ts'
import { bytesField, join, textField } from './write.ts'

export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The object's own bytes. */
  readonly raw: Uint8Array
  /** Empty for protobuf. */
  readonly contentType: string
  readonly contentEncoding: string
}

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00)

export const hasEnvelope = (body: Uint8Array): boolean => MAGIC.every((byte, index) => body[index] === byte)

/** Throws ProtobufError where the body is no envelope. */
export function readEnvelope(body: Uint8Array): Envelope {
  if (!hasEnvelope(body)) throw new ProtobufError('the body does not begin as a Kubernetes protobuf message does')
  const cursor = cursorOf(body.subarray(MAGIC.length))
  const envelope: { -readonly [K in keyof Envelope]: Envelope[K] } = {
    apiVersion: '',
    kind: '',
    raw: new Uint8Array(),
    contentType: '',
    contentEncoding: '',
  }
  while (cursor.at < cursor.end) {
    const { field, wire } = readTag(cursor)
    if (wire !== BYTES) skip(cursor, wire)
    else if (field === 1) Object.assign(envelope, readType(readBytes(cursor)))
    else if (field === 2) envelope.raw = restOf(readBytes(cursor))
    else if (field === 3) envelope.contentEncoding = readText(cursor)
    else if (field === 4) envelope.contentType = readText(cursor)
    else skip(cursor, wire)
  }
  return envelope
}

function readType(cursor: Cursor): { apiVersion: string; kind: string } {
  const type = { apiVersion: '', kind: '' }
  while (cursor.at < cursor.end) {
    const { field, wire } = readTag(cursor)
    if (wire === BYTES && field === 1) type.apiVersion = readText(cursor)
    else if (wire === BYTES && field === 2) type.kind = readText(cursor)
    else skip(cursor, wire)
  }
  return type
}

export function writeEnvelope({ apiVersion, kind, raw }: Pick<Envelope, 'apiVersion' | 'kind' | 'raw'>): Uint8Array {
  const type = join([textField(1, apiVersion), textField(2, kind)])
  return join([MAGIC, bytesField(1, type), bytesField(2, raw), textField(3, ''), textField(4, '')])
}
