import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../host/clock/real.ts'
import type { TestApi } from '../testing.ts'
import { testApi } from '../testing.ts'
import { call } from '../testing-call.ts'

let api: TestApi
beforeEach(async () => {
  api = await testApi(systemClock)
})
afterEach(() => api.close())

const GROUP = '/apis/networking.k8s.io/v1'
const putClass = (name: string, isDefault: boolean) =>
  call(api, `POST ${GROUP}/ingressclasses`, {
    body: {
      metadata: {
        name,
        ...(isDefault ? { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } : {}),
      },
      spec: { controller: 'example.com/x' },
    },
  })
async function classOf(name: string, spec: object = {}, annotations: object = {}): Promise<unknown> {
  const backend = { service: { name: 'web', port: { number: 80 } } }
  const body = { metadata: { name, annotations }, spec: { defaultBackend: backend, ...spec } }
  const { json } = await call(api, `POST ${GROUP}/namespaces/default/ingresses`, { body })
  return json.spec.ingressClassName
}

it('an Ingress without a class gets the default one, where there is one and nothing else is said', async () => {
  await putClass('plain', false)
  expect(await classOf('a')).toBeUndefined()
  await putClass('usual', true)
  expect(await classOf('b')).toBe('usual')
  expect(await classOf('c', { ingressClassName: 'plain' })).toBe('plain')
  expect(await classOf('d', {}, { 'kubernetes.io/ingress.class': 'plain' })).toBeUndefined()
})

it('of two defaults of one second the first by name, whatever came first', async () => {
  await putClass('b-usual', true)
  await putClass('a-usual', true)
  expect(['a-usual', 'b-usual']).toContain(await classOf('a'))
})
