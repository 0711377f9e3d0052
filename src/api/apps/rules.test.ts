import { describe, expect, it } from 'vitest'
import { errorsOf, specOf, stored } from '../testing.ts'
import { DaemonSet } from './daemon-set.ts'
import { Deployment } from './deployment.ts'
import { StatefulSet } from './stateful-set.ts'

describe('workloads', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'i:1' }] } }
  const selector = { matchLabels: { app: 'a' } }
  const deployment = (spec: object) => ({ spec: { selector, template, ...spec } })

  it('get the defaults that keep kubectl diff quiet', () => {
    expect(specOf(stored(Deployment, deployment({})))).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      template: { spec: { containers: [{ imagePullPolicy: 'IfNotPresent' }] } },
    })
    expect(specOf(stored(Deployment, deployment({})))).not.toHaveProperty('template.spec.enableServiceLinks')
    expect(specOf(stored(DaemonSet, deployment({})))).toMatchObject({
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    })
  })

  it('mount the claims of a StatefulSet, and nothing that is not there', () => {
    const mounting = (name: string) => ({
      ...template,
      spec: { containers: [{ name: 'a', image: 'i:1', volumeMounts: [{ name, mountPath: '/data' }] }] },
    })
    const set = (name: string) =>
      errorsOf(StatefulSet, {
        spec: {
          selector,
          serviceName: 's',
          template: mounting(name),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      })
    expect(set('data')).toEqual([])
    expect(set('other')).toEqual(['spec.template.spec.containers[0].volumeMounts[0].name: NotFound'])
  })

  it('keep a zero that was asked for', () => {
    const spec = { strategy: { rollingUpdate: { maxUnavailable: 0 } }, replicas: 0 }
    expect(specOf(stored(Deployment, deployment(spec)))).toMatchObject({
      replicas: 0,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    })
  })

  it.each<[object, readonly string[]]>([
    [deployment({}), []],
    [deployment({ selector: {} }), ['spec.selector: Invalid: empty selector is invalid for deployment']],
    [
      deployment({ selector: { matchLabels: { app: 'b' } } }),
      ['spec.template.metadata.labels: Invalid: `selector` does not match template `labels`'],
    ],
    [deployment({ replicas: -1 }), ['spec.replicas: Invalid: must be greater than or equal to 0']],
    [
      deployment({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      deployment({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } } }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid: may not be 0 when `maxSurge` is 0'],
    ],
    [
      deployment({ template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }),
      ['spec.template.spec.restartPolicy: NotSupported: supported values: "Always"'],
    ],
    [deployment({ template: { ...template, spec: { containers: [] } } }), ['spec.template.spec.containers: Required']],
  ])('%j', (object, errors) => {
    expect(errorsOf(Deployment, object)).toEqual(errors)
  })

  it('keep their selector', () => {
    const other = {
      selector: { matchLabels: { app: 'a', tier: 'x' } },
      template: { ...template, metadata: { labels: { app: 'a', tier: 'x' } } },
    }
    expect(errorsOf(Deployment, deployment({ replicas: 2 }), deployment({}))).toEqual([])
    expect(errorsOf(Deployment, deployment(other), deployment({}))).toEqual([
      'spec.selector: Invalid: field is immutable',
    ])
  })
})
