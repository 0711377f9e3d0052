import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

const GROUP = '/apis/admissionregistration.k8s.io/v1'
const MAPS = '/api/v1/namespaces/default/configmaps'
const CONFIG_MAPS = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
  ],
}
let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock, { namespaces: ['lab'] })
})
afterEach(() => api.close())

const policy = (spec: object) =>
  call(api, `POST ${GROUP}/validatingadmissionpolicies`, {
    body: { metadata: { name: 'p' }, spec: { matchConstraints: CONFIG_MAPS, ...spec } },
  })
const bind = (spec: object = {}) =>
  call(api, `POST ${GROUP}/validatingadmissionpolicybindings`, {
    body: { metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...spec } },
  })
const create = (name: string, data: object, path = MAPS) =>
  call(api, `POST ${path}`, { body: { metadata: { name }, data } })
const SMALL = { expression: 'size(object.data) < 2', message: 'too much data' }

describe('admission policies', () => {
  it('that could never be evaluated are refused when they are stored', async () => {
    const { json } = await policy({ validations: [{ expression: "request.nosuch == 'x'" }, SMALL] })
    expect(json).toMatchObject({
      code: 422,
      message:
        'ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.validations[0].expression: Invalid value: ' +
        `"request.nosuch == 'x'": compilation failed: ERROR: <input>:1:8: undefined field 'nosuch'\n | request.nosuch == 'x'\n | .......^`,
    })
    expect((await policy({ validations: [SMALL] })).status).toBe(201)
  })

  it('refuse what they are bound to refuse, and nothing before they are bound', async () => {
    expect((await policy({ validations: [SMALL] })).status).toBe(201)
    expect((await create('before', { a: '1', b: '2' })).status).toBe(201)
    expect((await bind()).status).toBe(201)
    const { json } = await create('after', { a: '1', b: '2' })
    expect(json).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message:
        "configmaps \"after\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: too much data",
    })
    expect((await create('after', { a: '1' })).status).toBe(201)
    const secret = { metadata: { name: 's' }, stringData: { a: '1', b: '2' } }
    expect((await call(api, 'POST /api/v1/namespaces/default/secrets', { body: secret })).status).toBe(201)
  })

  it('know the object before, the user, the namespace, variables and parameters', async () => {
    await call(api, `POST ${MAPS}`, { body: { metadata: { name: 'limits' }, data: { max: '2' } } })
    await policy({
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [
        { name: 'not-limits', expression: "request.operation != 'DELETE' && object.metadata.name != 'limits'" },
      ],
      variables: [
        { name: 'max', expression: 'int(params.data.max)' },
        { name: 'never', expression: 'int(params.data.nothing)' },
      ],
      validations: [
        { expression: 'size(object.data) <= variables.max', messageExpression: "'at most %d'.format([variables.max])" },
        {
          expression: 'oldObject == null || oldObject.data == object.data',
          message: 'cannot change',
          reason: 'Forbidden',
        },
        { expression: "request.userInfo.username == 'system:apiserver' && namespaceObject.metadata.name == 'default'" },
      ],
    })
    await bind({ paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } })
    expect((await create('a', { a: '1', b: '2' })).status).toBe(201)
    expect((await create('b', { a: '1', b: '2', c: '3' })).json.message).toContain('denied request: at most 2')
    const headers = { 'content-type': 'application/merge-patch+json' }
    const changed = await call(api, `PATCH ${MAPS}/a`, { body: { data: { a: '9' } }, headers })
    expect(changed.json).toMatchObject({ code: 403, reason: 'Forbidden' })
    expect((await create('c', { a: '1' }, '/api/v1/namespaces/lab/configmaps')).json.message).toContain(
      'failed expression: ',
    )
    expect((await call(api, `DELETE ${MAPS}/limits`)).status).toBe(200)
    expect((await create('d', { a: '1' })).json.message).toContain('no params found for policy binding with `Deny`')
  })

  it('hold in the namespaces that are chosen', async () => {
    await policy({ validations: [{ expression: 'false' }] })
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'lab' } }
    await bind({ matchResources: { namespaceSelector } })
    expect((await create('a', {})).status).toBe(201)
    expect((await create('a', {}, '/api/v1/namespaces/lab/configmaps')).status).toBe(422)
  })

  it('may only warn', async () => {
    await policy({ validations: [SMALL] })
    await bind({ validationActions: ['Warn'] })
    const { status, headers } = await create('a', { a: '1', b: '2' })
    expect(status).toBe(201)
    expect(headers.warning).toContain(
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': too much data",
    )
  })

  it.each([
    ['Fail', 422],
    ['Ignore', 201],
  ])('that fail mean what they say: %s', async (failurePolicy, status) => {
    await policy({ failurePolicy, validations: [{ expression: "object.data.missing == 'x'" }] })
    await bind()
    const answer = await create('a', { a: '1' })
    expect(answer.status).toBe(status)
    if (status === 422)
      expect(answer.json.message).toContain(
        "expression 'object.data.missing == 'x'' resulted in error: no such key: missing",
      )
  })
})
