import { randomInt, randomUUID } from 'node:crypto'
import { rfc3339 } from '../../lib/clock.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { Context } from '../context.ts'
import type { Meta, Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { badRequest } from '../status-error.ts'

/** Letters and digits that make no words. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const RANDOM_LENGTH = 5
const MAX_GENERATED = 63

/** metadata.generateName and five random characters, 63 at most. */
export function generateName(base: string): string {
  let suffix = ''
  for (let i = 0; i < RANDOM_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)]
  return base.slice(0, MAX_GENERATED - RANDOM_LENGTH) + suffix
}

/** The URL's namespace wins; another one in the body is refused. Throws StatusError 400. */
export function checkNamespace(context: Context, object: Obj): void {
  const { resource, info } = context
  const { metadata } = object
  if (!resource.namespaced) {
    delete metadata.namespace
    return
  }
  if (metadata.namespace && metadata.namespace !== info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  metadata.namespace = info.namespace!
}

/** The URL's name wins; another one in the body is refused. Throws StatusError 400. */
export function checkName(context: Context, object: Obj): void {
  const { info } = context
  const { metadata } = object
  if (metadata.name && metadata.name !== info.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`)
  metadata.name = info.name!
}

/** What the server alone sets on a new object. */
export function fillNewMetadata(resource: Resource, object: Obj, nowMs: number): void {
  const { metadata } = object
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName)
  metadata.uid = randomUUID()
  metadata.creationTimestamp = rfc3339(nowMs)
  delete metadata.resourceVersion
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  delete metadata.generation
  if (resource.behaviour.generation) metadata.generation = 1
}

/** What an update cannot change, because the server alone sets it. */
export function keepSystemMetadata(old: Meta, next: Meta): void {
  next.uid = old.uid!
  next.creationTimestamp = old.creationTimestamp!
  copyOrDelete(next, old, 'deletionTimestamp')
  copyOrDelete(next, old, 'deletionGracePeriodSeconds')
  copyOrDelete(next, old, 'generation')
  copyOrDelete(next, old, 'generateName')
  delete next.selfLink
}

function copyOrDelete<K extends keyof Meta>(to: Meta, from: Meta, key: K): void {
  if (from[key] === undefined) delete to[key]
  else to[key] = from[key]
}

/** Rules about metadata that hold for every type, upstream's ValidateObjectMetaUpdate. */
export function metadataUpdateErrors(old: Meta, next: Meta): readonly FieldError[] {
  if (!old.deletionTimestamp) return []
  const added = (next.finalizers ?? []).filter(name => !old.finalizers?.includes(name))
  if (added.length === 0) return []
  const shown = `[]string{${added.map(name => JSON.stringify(name)).join(', ')}}`
  return [
    {
      type: 'Forbidden',
      field: 'metadata.finalizers',
      detail: `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
    },
  ]
}
