import { randomUUID } from 'node:crypto'
import { messageOf } from '../lib/errors.ts'
import { authorize } from './auth/authorize.ts'
import { impersonate } from './auth/impersonate.ts'
import type { User } from './auth/user.ts'
import type { ApiRequest, Context, Kernel, Reply, Verb } from './context.ts'
import { internalError } from './errors.ts'
import type { PathInfo } from './path.ts'
import { parsePath } from './path.ts'
import type { Resource } from './resource/resource.ts'
import type { ApiResponse } from './respond.ts'
import { respond, respondError } from './respond.ts'
import type { Routes } from './routes/mod.ts'
import { notFoundPage } from './routes/page.ts'
import { badRequest, StatusError } from './status-error.ts'
import type { Subresources } from './subresources/mod.ts'
import { VERBS } from './verbs/mod.ts'
import { viewOf } from './views/mod.ts'

/** Answers one request of a known user. Never rejects. */
export type Handle = (request: ApiRequest, user: User) => Promise<ApiResponse>

export interface HandlerParts {
  readonly kernel: Kernel
  /** Everything that is not a resource. */
  readonly routes: Routes
  /** By resource and subresource, where the generic verbs do not do. */
  readonly subresources: Subresources
  /** Types that are posted and answered: by group/plural. */
  readonly virtual: Readonly<Record<string, Verb>>
}

export function createHandle(parts: HandlerParts): Handle {
  return async (request, user) => {
    const auditId = auditIdOf(request)
    const response = await answer(parts, request, user).catch(error =>
      respondError(request, asStatus(parts, request, error)),
    )
    return { ...response, headers: { ...response.headers, 'audit-id': auditId } }
  }
}

/** The client's own, where it is one that a header can carry back. */
function auditIdOf({ headers }: ApiRequest): string {
  const given = headers['audit-id']
  return given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID()
}

/** What nobody foresaw is logged here, once, and told without its stack. */
function asStatus({ kernel }: HandlerParts, request: ApiRequest, error: unknown): StatusError {
  if (error instanceof StatusError) return error
  kernel.log.error({ error, method: request.method, path: request.path }, 'a request failed')
  return internalError(messageOf(error))
}

async function answer(parts: HandlerParts, request: ApiRequest, caller: User): Promise<ApiResponse> {
  const { kernel, routes } = parts
  const user = impersonate(kernel.authorizer, request.headers, caller)
  const info = pathOf(request)
  if (info.is === 'other' || info.plural === '') {
    authorize(kernel.authorizer, { user, verb: request.method.toLowerCase(), path: request.path })
    return (await routes.answer(request, user)) ?? notFoundPage
  }
  const resource = kernel.registry.find(info.group, info.version, info.plural)
  const verb = verbOf(request, info)
  // Whether or not there is such a type: who may not ask does not hear of it.
  authorize(kernel.authorizer, {
    user,
    verb,
    path: request.path,
    resource: {
      group: info.group,
      version: info.version,
      plural: info.plural,
      subresource: info.subresource ?? '',
      namespace: info.namespace ?? (resource && isNamespace(resource) ? (info.name ?? '') : ''),
      name: info.name ?? nameSelected(request),
    },
  })
  if (!resource) return notFoundPage
  const context: Context = { kernel, request, user, resource, info, verb, warnings: [] }
  if (resource.deprecation !== undefined) context.warnings.push(resource.deprecation)
  const run = verbFor(parts, context)
  if (!run) return notFoundPage
  const reply: Reply = await run(context)
  return respond(context, reply)
}

/**
 * A list or watch of one object by its name needs the right to that one alone. Source: k8s.io/apiserver/pkg/endpoints/request
 * (RequestInfo).
 */
function nameSelected({ method, query }: ApiRequest): string {
  if (method !== 'GET' && method !== 'HEAD') return ''
  const terms = (query.get('fieldSelector') ?? '').split(',')
  return terms.map(term => /^metadata\.name==?([A-Za-z0-9.:_-]+)$/.exec(term)?.[1]).find(Boolean) ?? ''
}

/** A request for a namespace itself is one within it. */
const isNamespace = ({ group, plural, showsNamespaces }: Resource): boolean =>
  showsNamespaces === true || (plural === 'namespaces' && group === '')

function pathOf(request: ApiRequest): PathInfo {
  try {
    return parsePath(request.path)
  } catch {
    throw badRequest('the path is not well-formed')
  }
}

const METHODS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

/** As upstream's RequestInfo names it; other methods stand for themselves. */
function verbOf({ method, query }: ApiRequest, info: Extract<PathInfo, { is: 'resource' }>): string {
  const single = info.name !== undefined
  if (method === 'GET' || method === 'HEAD') {
    const watching = query.get('watch')
    // Behind a proxy it is the backend's own word.
    if (info.subresource !== 'proxy' && watching !== null && watching !== 'false' && watching !== '0') return 'watch'
    return single ? 'get' : 'list'
  }
  if (method === 'DELETE') return single ? 'delete' : 'deletecollection'
  return METHODS[method] ?? method.toLowerCase()
}

/** Undefined: there is no such path. Throws StatusError 405. */
function verbFor({ subresources, virtual }: HandlerParts, { resource, info, verb }: Context): Verb | undefined {
  if (resource.namespaced !== (info.namespace !== undefined) && (info.name !== undefined || !resource.namespaced))
    return undefined
  if (info.rest !== undefined && info.subresource !== 'proxy') return undefined
  if (resource.virtual) {
    if (info.name !== undefined) return undefined
    const type = `${resource.group}/${resource.plural}`
    return virtual[verb === 'create' ? type : `${type} ${verb}`] ?? notAllowed()
  }
  if (info.subresource !== undefined) {
    const own = subresources.find(resource, info.subresource)
    return own ? (own[verb] ?? notAllowed()) : notFoundHere()
  }
  // A name is for objects, its absence for collections.
  const forCollection = verb === 'list' || verb === 'create' || verb === 'deletecollection'
  if (verb !== 'watch' && forCollection === (info.name !== undefined)) return notAllowed()
  if (resource.namespaced && info.namespace === undefined && verb !== 'list' && verb !== 'watch') return notAllowed()
  return viewOf(resource)[verb] ?? VERBS[verb] ?? notAllowed()
}

/** Of a type that is known, something that is not: as go-restful answers below a group. */
function notFoundHere(): never {
  throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
}

function notAllowed(): never {
  throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}
