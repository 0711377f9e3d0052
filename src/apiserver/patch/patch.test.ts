import { describe, expect, it } from 'vitest'
import { Deployment } from '../../api/apps/deployment.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Service } from '../../api/core/service.ts'
import type { JsonObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import type { PatchRequest, PatchTarget } from './mod.ts'
import {
  applyPatch,
  customTarget,
  keepTimesIfUnchanged,
  kindTarget,
  managerName,
  readPatch,
  trackUpdate,
} from './mod.ts'

const NOW = Date.UTC(2026, 0, 1)
const LATER = NOW + 60_000
const configMap = kindTarget(ConfigMap)
const cm = (data: object, metadata: object = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', namespace: 'd', ...metadata },
  data,
})

const request = (contentType: string, body: unknown, more: Partial<PatchRequest> = {}): PatchRequest => ({
  contentType,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  fieldValidation: 'Strict',
  ...more,
})
const apply = async (
  live: JsonObject | undefined,
  config: JsonObject,
  fieldManager: string,
  options: { force?: boolean; target?: PatchTarget; nowMs?: number } = {},
): Promise<JsonObject> => {
  const { target = configMap, nowMs = NOW, ...more } = options
  const patch = await readPatch(request('application/apply-patch+yaml', config, { fieldManager, ...more }), target)
  return applyPatch(patch, live, target, nowMs).object
}
const refusal = async (f: () => unknown): Promise<StatusError> => {
  try {
    await f()
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
  throw new Error('accepted')
}
const managedOf = (object: JsonObject): readonly JsonObject[] =>
  ((object.metadata as JsonObject).managedFields ?? []) as JsonObject[]

describe('what a request may be', () => {
  const custom = customTarget({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    subresource: '',
    hasStatus: true,
    typeOf: () => configMap.type,
  })

  it.each([
    [
      'text/plain',
      {},
      configMap,
      415,
      /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/strategic-merge-patch\+json, application\/apply-patch\+yaml/,
    ],
    ['application/strategic-merge-patch+json', {}, custom, 415, /merge-patch\+json, application\/apply-patch/],
    ['application/merge-patch+json', '{', configMap, 400, /^error decoding patch: unexpected end of JSON input$/],
    ['application/merge-patch+json', '[]', configMap, 400, /cannot unmarshal array/],
    ['application/json-patch+json', '{}', configMap, 400, /^error decoding patch: /],
    [
      'application/apply-patch+yaml',
      'a: b: c',
      configMap,
      422,
      /PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch/,
    ],
  ])('%s %j', async (type, body, target, code, text) => {
    const error = await refusal(() => readPatch(request(type, body), target))
    expect([error.status.code, error.message]).toEqual([code, expect.stringMatching(text)])
  })

  it('at most 10,000 operations', async () => {
    const patch = (count: number): PatchRequest =>
      request(
        'application/json-patch+json; charset=utf-8',
        Array(count).fill({ op: 'test', path: '/kind', value: 'ConfigMap' }),
      )
    const error = await refusal(() => readPatch(patch(10_001), configMap))
    expect(error.status.code).toBe(413)
    expect(error.message).toBe('The allowed maximum operations in a JSON patch is 10000, got 10001')
    const allowed = await readPatch(patch(10_000), configMap)
    expect(applyPatch(allowed, cm({ a: '1' }), configMap, NOW).object).toEqual(cm({ a: '1' }))
  })

  it('force only with apply, managers of at most 128 printable bytes', async () => {
    const merge = (more: Partial<PatchRequest>): Promise<unknown> =>
      readPatch(request('application/merge-patch+json', {}, more), configMap)
    expect((await refusal(() => merge({ force: true }))).message).toMatch(
      'force: Forbidden: may not be specified for non-apply patch',
    )
    expect((await refusal(() => merge({ fieldManager: 'x'.repeat(129) }))).message).toMatch('Too long')
    expect((await refusal(() => merge({ fieldManager: 'a\nb' }))).message).toMatch('printable')
    await expect(merge({ fieldManager: 'x'.repeat(128) })).resolves.toMatchObject({ manager: 'x'.repeat(128) })
  })

  it('keys that occur twice are told of, and refused where apply is strict', async () => {
    const merge = request('application/merge-patch+json', '{"data":{"a":"1","a":"2"}}')
    expect((await readPatch(merge, configMap)).strictErrors).toEqual(['duplicate field "data.a"'])
    expect((await readPatch({ ...merge, fieldValidation: 'Ignore' }, configMap)).strictErrors).toEqual([])
    const json = request('application/json-patch+json', '[{"op":"add","op":"add","path":"/data","value":{}}]')
    expect((await readPatch(json, configMap)).strictErrors).toEqual(['json patch duplicate field "[0].op"'])
    const odd = request('application/json-patch+json', '[{"op":"test","path":"/kind","value":1,"why":"x"}]')
    expect((await readPatch(odd, configMap)).strictErrors).toEqual(['json patch unknown field "[0].why"'])
    const yaml = request('application/apply-patch+yaml', 'kind: A\nkind: B\n', { fieldManager: 'm' })
    const error = await refusal(() => readPatch(yaml, configMap))
    expect(error.message).toBe(
      'error strict decoding patch: error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "kind" already set in map',
    )
    expect((await readPatch({ ...yaml, fieldValidation: 'Warn' }, configMap)).strictErrors).toHaveLength(1)
  })

  it('a patch that cannot be applied is 422, and says why in its cause', async () => {
    const patch = await readPatch(
      request('application/json-patch+json', [{ op: 'test', path: '/kind', value: 'X' }]),
      configMap,
    )
    const error = await refusal(() => applyPatch(patch, cm({}), configMap, NOW))
    expect(error.status).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
      details: { causes: [{ message: 'testing value /kind failed: test failed' }] },
    })
  })

  it('names a manager by its user agent', () => {
    expect(managerName(undefined, 'kubectl/v1.32.4 (linux/amd64)')).toBe('kubectl')
    expect(managerName('me', 'kubectl/v1')).toBe('me')
    expect(managerName('', 'é\u0000x/1')).toBe('éx')
    expect(managerName('', `${'é'.repeat(100)}/1`)).toBe('é'.repeat(64))
  })
})

describe('kubectl', () => {
  it("client-side apply's strategic merge patch", async () => {
    const live = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x' },
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'side', image: 'i' },
              {
                name: 'c',
                image: 'i',
                env: [
                  { name: 'A', value: '1' },
                  { name: 'B', value: '2' },
                ],
              },
            ],
          },
        },
      },
    }
    const body = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'c' }],
            containers: [
              { '$setElementOrder/env': [{ name: 'A' }], env: [{ $patch: 'delete', name: 'B' }], name: 'c' },
              { $patch: 'delete', name: 'side' },
            ],
          },
        },
      },
    }
    const target = kindTarget(Deployment)
    const patch = await readPatch(request('application/strategic-merge-patch+json', body), target)
    const { object, tracked } = applyPatch(patch, live, target, NOW)
    expect(tracked).toBe(false)
    expect(object).toEqual({
      ...live,
      spec: { template: { spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'A', value: '1' }] }] } } },
    })
  })

  const LAST = 'kubectl.kubernetes.io/last-applied-configuration'
  /** As left by `kubectl apply` without --server-side. */
  const clientSide = (data: Record<string, string>): JsonObject => {
    const annotations = { [LAST]: `${JSON.stringify(cm(data))}\n` }
    return trackUpdate(undefined, cm(data, { annotations, uid: 'u' }), 'kubectl-client-side-apply', configMap, NOW)
  }

  it('server-side apply takes over what client-side apply set, and keeps the annotation in step', async () => {
    const next = await apply(clientSide({ a: '1', b: '1' }), cm({ a: '2', b: '1' }), 'kubectl', { nowMs: LATER })
    expect(next.data).toEqual({ a: '2', b: '1' })
    const { annotations } = next.metadata as { annotations: Record<string, string> }
    expect(annotations[LAST]).toBe(
      '{"apiVersion":"v1","data":{"a":"2","b":"1"},"kind":"ConfigMap","metadata":{"name":"x","namespace":"d"}}\n',
    )
    expect(managedOf(next).map(entry => [entry.manager, entry.operation, entry.time])).toEqual([
      ['kubectl', 'Apply', '2026-01-01T00:01:00Z'],
      ['kubectl-client-side-apply', 'Update', '2026-01-01T00:00:00Z'],
    ])
  })

  it('but not what somebody has changed since, and no other manager may', async () => {
    const edited = trackUpdate(
      clientSide({ a: '1' }),
      { ...clientSide({ a: '1' }), data: { a: 'edited' } },
      'kubectl-edit',
      configMap,
      NOW,
    )
    const error = await refusal(() => apply(edited, cm({ a: '2' }), 'kubectl'))
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a')
    const other = await refusal(() => apply(clientSide({ a: '1' }), cm({ a: '2' }), 'argocd'))
    expect(other.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.a',
    )
  })
})

describe('server-side apply', () => {
  it('conflicts: 409 with one cause a field, and force', async () => {
    const live = trackUpdate(undefined, cm({ a: '1', b: '1', c: '1' }), 'kubectl-create', configMap, NOW)
    const error = await refusal(() => apply({ ...live }, cm({ a: '2', b: '2', c: '1' }), 'm'))
    expect(error.status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 2 conflicts: conflicts with "kubectl-create" using v1:\n- .data.a\n- .data.b',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-create" using v1', field: '.data.a' },
          { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-create" using v1', field: '.data.b' },
        ],
      },
    })
    const forced = await apply(live, cm({ a: '2', b: '2', c: '1' }), 'm', { force: true })
    expect(forced.data).toEqual({ a: '2', b: '2', c: '1' })
    expect(managedOf(forced).map(entry => [entry.manager, entry.fieldsV1])).toEqual([
      ['m', { 'f:data': { 'f:a': {}, 'f:b': {}, 'f:c': {} } }],
      ['kubectl-create', { 'f:data': { '.': {}, 'f:c': {} } }],
    ])
  })

  it('removes what its manager leaves out and nobody else owns', async () => {
    const first = await apply(undefined, cm({ a: '1', b: '1' }), 'm')
    const second = await apply(first, cm({ b: '1', c: '1' }), 'n')
    const third = await apply(second, cm({ c: '1' }), 'm')
    expect(third.data).toEqual({ b: '1', c: '1' })
  })

  it('an apply that changes nothing keeps its time', async () => {
    const first = await apply(undefined, cm({ a: '1' }), 'm')
    const again = await apply(first, cm({ a: '1' }), 'm', { nowMs: LATER })
    expect(again).toEqual(first)
  })

  it('knows a port by number and protocol, whose default is TCP', async () => {
    const target = kindTarget(Service)
    const service = (ports: readonly object[]): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { ports },
    })
    const first = await apply(
      undefined,
      service([
        { port: 53, name: 'tcp' },
        { port: 53, protocol: 'UDP', name: 'udp' },
      ]),
      'm',
      { target },
    )
    const second = await apply(first, service([{ port: 53, protocol: 'TCP', targetPort: 5353 }]), 'n', { target })
    expect((second.spec as { ports: unknown }).ports).toEqual([
      { port: 53, protocol: 'TCP', name: 'tcp', targetPort: 5353 },
      { port: 53, protocol: 'UDP', name: 'udp' },
    ])
  })

  it('gives the fields of an untracked object to before-first-apply', async () => {
    const live = cm({ a: '1' }, { uid: 'u' })
    const error = await refusal(() => apply(live, cm({ a: '2' }), 'm'))
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a')
    expect((await apply(live, cm({ b: '1' }), 'm')).data).toEqual({ a: '1', b: '1' })
  })

  it.each([
    [{ ...cm({}), kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
    [cm({}, { managedFields: [] }), 400, 'metadata.managedFields must be nil'],
    [
      { ...cm({}), nope: 1 },
      500,
      'failed to create typed patch object (d/x; /v1, Kind=ConfigMap): .nope: field not declared in schema',
    ],
  ])('refuses %j', async (config, code, message) => {
    const error = await refusal(() => apply(undefined, config, 'm'))
    expect([error.status.code, error.message]).toEqual([code, message])
  })
})

describe('tracking of creates and updates', () => {
  const created = trackUpdate(
    undefined,
    cm({ a: '1' }, { uid: 'u', labels: { l: '1' } }),
    'kubectl-create',
    configMap,
    NOW,
  )

  it('writes entries as Kubernetes does', () => {
    expect(managedOf(created)).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } } },
      },
    ])
  })

  it('an update that changes nothing changes no entry', () => {
    expect(trackUpdate(created, { ...created }, 'kubectl-create', configMap, LATER)).toEqual(created)
    expect(trackUpdate(created, { ...created }, 'other', configMap, LATER)).toEqual(created)
  })

  it('a client that knows nothing of managedFields loses none; an empty list clears them, until an apply', async () => {
    const ignorant = trackUpdate(created, cm({ a: '1' }, { uid: 'u', labels: { l: '1' } }), 'x', configMap, LATER)
    expect(managedOf(ignorant)).toEqual(managedOf(created))
    for (const managedFields of [[], [{}]]) {
      const cleared = trackUpdate(created, cm({ a: '1' }, { uid: 'u', managedFields }), 'x', configMap, LATER)
      expect(cleared.metadata).not.toHaveProperty('managedFields')
      const next = trackUpdate(cleared, cm({ a: '2' }, { uid: 'u' }), 'x', configMap, LATER)
      expect(next.metadata).not.toHaveProperty('managedFields')
      expect(managedOf(await apply(next, cm({ a: '2' }), 'm'))).toHaveLength(2)
    }
  })

  it('entries that are no entries are ignored, valid edits count', () => {
    const broken = trackUpdate(
      created,
      cm({ a: '1' }, { uid: 'u', managedFields: [{ manager: 'x' }] }),
      'x',
      configMap,
      LATER,
    )
    expect(managedOf(broken).map(entry => entry.manager)).toContain('kubectl-create')
    const renamed = managedOf(created).map(entry => ({ ...entry, manager: 'renamed' }))
    const edited = trackUpdate(
      created,
      { ...created, metadata: { ...(created.metadata as object), managedFields: renamed } },
      'x',
      configMap,
      LATER,
    )
    expect(managedOf(edited).map(entry => entry.manager)).toEqual(['renamed'])
  })

  it('the status endpoint has entries of its own, and each endpoint ignores what it does not let through', () => {
    const status = kindTarget(Deployment, 'status')
    expect(status.resetFields).toEqual([['spec'], ['metadata', 'labels']])
    expect(kindTarget(Deployment).resetFields).toEqual([['status']])
    const object: JsonObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', uid: 'u' },
      spec: { replicas: 1 },
    }
    const first = trackUpdate(undefined, object, 'kubectl-create', kindTarget(Deployment), NOW)
    const next = trackUpdate(
      first,
      { ...first, spec: { replicas: 5 }, status: { replicas: 1 } },
      'controller',
      status,
      LATER,
    )
    expect(managedOf(next).map(entry => [entry.manager, entry.subresource, entry.fieldsV1])).toEqual([
      ['kubectl-create', undefined, { 'f:spec': { 'f:replicas': {} } }],
      ['controller', 'status', { 'f:status': { 'f:replicas': {} } }],
    ])
  })

  it('keeps ten update entries, and merges the oldest beyond', () => {
    let object = created
    for (let i = 0; i < 15; i++)
      object = trackUpdate(
        object,
        { ...object, data: { ...(object.data as object), [`k${i}`]: '1' } },
        `m${i}`,
        configMap,
        NOW + i * 1000,
      )
    const managers = managedOf(object).map(entry => entry.manager)
    expect(managers).toHaveLength(10)
    expect(managers[0]).toBe('ancient-changes')
    expect(managers.slice(1)).toEqual(['m6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12', 'm13', 'm14'])
    expect(JSON.stringify(managedOf(object)[0])).toMatch('"f:k5"')
  })

  it('times alone are no change', async () => {
    const first = await apply(undefined, cm({ a: '1' }), 'm')
    const later = structuredClone(first)
    managedOf(later)[0]!.time = '2030-01-01T00:00:00Z'
    expect(keepTimesIfUnchanged(first, later)).toEqual(first)
    expect(keepTimesIfUnchanged(first, { ...later, data: { a: '2' } })).not.toEqual(first)
  })
})
