import { describe, expect, it } from 'vitest'
import { Deployment } from '../api/apps/deployment.ts'
import { Pod } from '../api/core/pod.ts'
import { NetworkPolicy } from '../api/networking/network-policy.ts'
import { Route } from '../api/route/route.ts'
import { applyDefaults } from './default.ts'
import { messageNode } from './message-node.ts'

describe('applyDefaults', () => {
  it('fills in defaults at every depth', () => {
    const filled = applyDefaults(messageNode(Deployment.schema), {
      metadata: { name: 'a' },
      spec: { template: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] } } },
    })
    expect(filled).toMatchObject({
      spec: {
        replicas: 1,
        revisionHistoryLimit: 10,
        strategy: { type: 'RollingUpdate' },
        selector: {},
        template: {
          spec: {
            restartPolicy: 'Always',
            containers: [{ ports: [{ containerPort: 1, protocol: 'TCP' }], terminationMessagePolicy: 'File' }],
          },
        },
      },
    })
    expect((filled as { metadata: object }).metadata).toEqual({ name: 'a' })
  })

  it('gives a stored object what it always has', () => {
    expect(applyDefaults(messageNode(NetworkPolicy.schema), { metadata: {} })).toEqual({
      metadata: {},
      spec: { podSelector: {} },
    })
    const cpu = { resourceFieldRef: { resource: 'limits.cpu' } }
    const env = [{ name: 'CPU', valueFrom: cpu }]
    expect(applyDefaults(messageNode(Pod.schema), { metadata: {}, spec: { containers: [{ env }] } })).toMatchObject({
      spec: { containers: [{ env: [{ valueFrom: { resourceFieldRef: { divisor: '0' } } }] }] },
    })
  })

  it('treats an empty text as absent where the field has a default', () => {
    const route = applyDefaults(messageNode(Route.schema), { spec: { to: { kind: '', name: 'a' } } })
    expect(route).toMatchObject({ spec: { to: { kind: 'Service', name: 'a', weight: 100 }, wildcardPolicy: 'None' } })
  })

  it('keeps what is given, and shares what does not change', () => {
    const given = { spec: { podSelector: { matchLabels: { a: 'b' } } } }
    const result = applyDefaults(messageNode(NetworkPolicy.schema), given)
    expect(result).toBe(given)
  })
})
