import { TokenRequest } from '../../api/authentication/token-request.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { invalid as invalidField, required } from '../../schema/field-error.ts'
import type { FieldError } from '../../schema/kind.ts'
import type { AccountClaim, Reference } from '../auth/token/service-account.ts'
import type { Context, Reply } from '../context.ts'
import { conflict, invalid, notFound } from '../errors.ts'
import type { Obj } from '../object.ts'
import { textAt } from '../object.ts'
import { complete } from '../resource/codec.ts'
import { builtinResource, keyOf } from '../resource/resource.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import { readObject } from '../write/body.ts'
import { parseWriteOptions } from '../write/options.ts'
import type { Subresource } from './mod.ts'

const TOKEN_REQUEST = builtinResource(TokenRequest)
const MIN_SECONDS = 600
const MAX_SECONDS = 2 ** 32

interface BoundTo {
  readonly kind?: string
  readonly apiVersion?: string
  readonly name?: string
  readonly uid?: string
}

interface Asked {
  readonly audiences?: readonly string[]
  readonly expirationSeconds?: number
  readonly boundObjectRef?: BoundTo
}

/** POST serviceaccounts/{name}/token: a signed token of the account. */
async function createToken(context: Context): Promise<Reply> {
  const { kernel, resource, info, request } = context
  const stored = kernel.store.get(keyOf(resource, info.namespace, info.name!))
  if (!stored) throw notFound(resource, info.name!)
  const account = decodeStored(resource, stored)
  const { fieldValidation, dryRun } = parseWriteOptions(request, 'CreateOptions')
  const body = await readObject(context, TOKEN_REQUEST, fieldValidation)
  if (body.metadata.name && body.metadata.name !== info.name)
    throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${info.name})`)
  const { spec, ...asked } = complete(TOKEN_REQUEST, body)
  const { audiences: wanted = [], expirationSeconds = 3600, boundObjectRef } = (spec ?? {}) as Asked
  refuse(specErrors(expirationSeconds))
  const audiences = wanted.length > 0 ? wanted : kernel.tokens.audiences
  const claim = claimOf(context, account, boundObjectRef)
  const { token, expiresMs } = kernel.tokens.accounts.issue(claim, audiences, expirationSeconds)
  const object = {
    ...asked,
    metadata: { name: info.name!, namespace: info.namespace!, creationTimestamp: rfc3339(kernel.clock.now()) },
    spec: { audiences, expirationSeconds, ...(boundObjectRef ? { boundObjectRef } : {}) },
    status: { token: dryRun ? '' : token, expirationTimestamp: rfc3339(expiresMs) },
  }
  return { is: 'object', code: 201, object, resource: TOKEN_REQUEST }
}

function specErrors(seconds: number): readonly FieldError[] {
  const field = 'spec.expirationSeconds'
  if (seconds < MIN_SECONDS) return [invalidField(field, seconds, 'may not specify a duration less than 10 minutes')]
  if (seconds > MAX_SECONDS)
    return [invalidField(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
  return []
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(TOKEN_REQUEST, '', errors)
}

/** Bound to an object, the token is good for nothing once that is gone. Throws StatusError. */
function claimOf(context: Context, account: Obj, bound: BoundTo | undefined): AccountClaim {
  const namespace = context.info.namespace!
  const serviceaccount = { name: account.metadata.name!, uid: account.metadata.uid! }
  const claim = { namespace, serviceaccount }
  if (!bound) return claim
  const { kind = '', name = '' } = bound
  if (name === '') refuse([required('spec.boundObjectRef.name')])
  const plural = PLURALS[`${bound.apiVersion ?? 'v1'} ${kind}`]
  if (!plural) throw badRequest(`cannot bind token to object of type ${bound.apiVersion}, Kind=${kind}`)
  const object = boundObject(context, plural, bound)
  const reference = { name, uid: object.metadata.uid! }
  if (plural === 'nodes') return { ...claim, node: reference }
  if (plural === 'secrets') return { ...claim, secret: reference }
  const runsAs = textAt(object, 'spec', 'serviceAccountName')
  if (runsAs !== serviceaccount.name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(serviceaccount.name)} to pod running with different serviceaccount name.`,
    )
  return { ...claim, ...nodeOf(context, textAt(object, 'spec', 'nodeName')), pod: reference }
}

const PLURALS: Readonly<Record<string, 'pods' | 'secrets' | 'nodes'>> = {
  'v1 Pod': 'pods',
  'v1 Secret': 'secrets',
  'v1 Node': 'nodes',
}

function boundObject({ kernel, info }: Context, plural: string, { name, uid }: BoundTo): Obj {
  const resource = kernel.registry.find('', 'v1', plural)
  if (!resource) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
  const stored = kernel.store.get(keyOf(resource, info.namespace, name!))
  if (!stored) throw notFound(resource, name!)
  const object = decodeStored(resource, stored)
  if (uid && uid !== object.metadata.uid)
    throw conflict(
      resource,
      name!,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return object
}

function nodeOf({ kernel }: Context, name: string): { readonly node?: Reference } {
  const nodes = kernel.registry.find('', 'v1', 'nodes')
  const stored = name === '' || !nodes ? undefined : kernel.store.get(keyOf(nodes, undefined, name))
  return stored ? { node: { name, uid: decodeStored(nodes!, stored).metadata.uid! } } : {}
}

export const accountToken: Subresource = {
  name: 'token',
  responseKind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  verbs: { create: createToken },
}
