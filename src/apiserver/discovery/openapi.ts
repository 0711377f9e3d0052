import { createHash } from 'node:crypto'
import { DeleteOptions } from '../../api/meta/delete-options.ts'
import { ListMeta, Status } from '../../api/meta/status.ts'
import { messageNode } from '../../schema/message-node.ts'
import { openApiV2, openApiV3 } from '../../schema/openapi/document.ts'
import { openApiV2Protobuf } from '../../schema/openapi/protobuf.ts'
import type { SharedTypes } from '../../schema/openapi/type.ts'
import { notAcceptable } from '../errors.ts'
import { parseAccept } from '../negotiate/accept.ts'
import type { Registry } from '../resource/registry.ts'
import type { Resource } from '../resource/resource.ts'
import { compressed } from '../respond.ts'
import type { Route } from '../routes/mod.ts'
import type { Page } from '../routes/page.ts'
import { ifChanged, jsonPage } from '../routes/page.ts'

const SHARED: SharedTypes = {
  listMeta: messageNode(ListMeta),
  status: messageNode(Status),
  deleteOptions: messageNode(DeleteOptions),
}

interface Document {
  readonly body: Buffer
  /** SHA-512 in upper-case hexadecimal. */
  readonly hash: string
}

/** Documents by the types they describe: a change of one type leaves the documents of other groups as they are. */
interface Documents {
  readonly generation: number
  readonly paths: ReadonlyMap<string, readonly Resource[]>
}

/** /openapi/v3, its documents, and /openapi/v2. Made when first asked for. */
export function openApiRoute(registry: Registry): Route {
  const cache = new Map<string, { readonly key: string; readonly document: Document }>()
  let current: Documents = { generation: -1, paths: new Map() }
  const paths = (): ReadonlyMap<string, readonly Resource[]> => {
    if (current.generation !== registry.generation)
      current = { generation: registry.generation, paths: byPath(registry.all()) }
    return current.paths
  }
  const documentOf = (path: string, resources: readonly Resource[], make: () => object | Uint8Array): Document => {
    const key = resources.map(({ plural, revision }) => `${plural}@${revision}`).join(' ')
    const known = cache.get(path)
    if (known?.key === key) return known.document
    const made = make()
    const body = made instanceof Uint8Array ? Buffer.from(made) : Buffer.from(JSON.stringify(made))
    const document = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
    cache.set(path, { key, document })
    return document
  }
  const version3 = (path: string, resources: readonly Resource[]): Document =>
    documentOf(path, resources, () => openApiV3(resources, SHARED))
  return request => {
    if (!request.path.startsWith('/openapi/') || (request.method !== 'GET' && request.method !== 'HEAD'))
      return undefined
    const path = request.path.replace(/\/$/, '').slice('/openapi/'.length)
    if (path === 'v3') return compressed(request, index(paths(), version3))
    if (path === 'v2') {
      if (takesProtobuf(request.headers.accept)) {
        const make = (): Uint8Array => openApiV2Protobuf(openApiV2(registry.all(), SHARED))
        const document = documentOf('v2 protobuf', registry.all(), make)
        return compressed(request, ifChanged(request, page(document, false, V2_PROTOBUF)))
      }
      mustTakeJson(request.headers.accept)
      const document = documentOf('v2', registry.all(), () => openApiV2(registry.all(), SHARED))
      return compressed(request, ifChanged(request, page(document, false)))
    }
    const resources = path.startsWith('v3/') ? paths().get(path.slice(3)) : undefined
    if (!resources) return undefined
    mustTakeJson(request.headers.accept)
    const document = version3(path.slice(3), resources)
    return compressed(request, ifChanged(request, page(document, request.query.get('hash') === document.hash)))
  }
}

function byPath(resources: readonly Resource[]): ReadonlyMap<string, readonly Resource[]> {
  const paths = new Map<string, Resource[]>()
  for (const resource of resources) {
    const path = resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`
    paths.set(path, [...(paths.get(path) ?? []), resource])
  }
  return paths
}

function index(
  paths: ReadonlyMap<string, readonly Resource[]>,
  version3: (path: string, resources: readonly Resource[]) => Document,
): Page {
  const entries = [...paths].map(([path, resources]) => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${version3(path, resources).hash}` },
  ])
  return jsonPage({ paths: Object.fromEntries(entries) })
}

/** Asked for by its hash a document never changes. */
const page = ({ body, hash }: Document, immutable: boolean, type = 'application/json'): Page => ({
  status: 200,
  headers: {
    'content-type': type,
    etag: `"${hash}"`,
    vary: 'Accept',
    'cache-control': immutable ? 'public, immutable' : 'no-cache, private',
  },
  body,
})

/** Clients ask for it under a name that Go itself refuses to read in an answer, because of the "@". */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const V2_PROTOBUF_ASKED = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

const takesProtobuf = (accept: string | undefined): boolean =>
  parseAccept(accept ?? '').some(({ type }) => type === V2_PROTOBUF || type === V2_PROTOBUF_ASKED)

/** Documents of version 3 exist as JSON alone. Throws StatusError 406. */
function mustTakeJson(accept: string | undefined): void {
  if (accept === undefined || accept === '') return
  const types = parseAccept(accept).map(({ type }) => type)
  if (!types.some(type => type === '*/*' || type === 'application/*' || type === 'application/json'))
    throw notAcceptable(['application/json'])
}
