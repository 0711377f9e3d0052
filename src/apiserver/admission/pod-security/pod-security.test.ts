import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Pod } from '../../../api/core/pod.ts'
import { systemClock } from '../../../host/clock/real.ts'
import type { TestApi } from '../../testing.ts'
import { testApi } from '../../testing.ts'
import { call } from '../../testing-call.ts'
import { detailsText, violations } from './checks.ts'
import type { Level } from './policy.ts'
import { policyOf } from './policy.ts'

const GOOD = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}
const container = (name: string, securityContext?: object, more: object = {}) => ({
  name,
  image: 'nginx',
  ...(securityContext ? { securityContext } : {}),
  ...more,
})
const told = (level: Level, spec: object, minor?: number): string =>
  detailsText(violations({ level, ...(minor === undefined ? {} : { minor }) }, {}, spec as Pod['spec']))

const BARE =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'

describe('the standards', () => {
  it.each([
    ['restricted', { containers: [container('c')] }, BARE],
    ['restricted', { containers: [container('c', GOOD)] }, ''],
    ['baseline', { containers: [container('c')] }, ''],
    ['privileged', { hostNetwork: true, containers: [container('c', { privileged: true })] }, ''],
    [
      'baseline',
      {
        hostNetwork: true,
        hostPID: true,
        containers: [container('a', { privileged: true }), container('b', { privileged: true })],
        volumes: [{ name: 'v', hostPath: { path: '/' } }],
      },
      'host namespaces (hostNetwork=true, hostPID=true), privileged (containers "a", "b" must not set securityContext.privileged=true), hostPath volumes (volume "v")',
    ],
    [
      'baseline',
      {
        containers: [
          container(
            'c',
            {},
            {
              ports: [
                { containerPort: 1, hostPort: 80 },
                { containerPort: 2, hostPort: 8080 },
              ],
            },
          ),
        ],
      },
      'hostPort (container "c" uses hostPorts 80, 8080)',
    ],
    [
      'baseline',
      { containers: [container('c', { capabilities: { add: ['NET_ADMIN', 'CHOWN', 'NET_RAW'] } })] },
      'non-default capabilities (container "c" must not include "NET_ADMIN", "NET_RAW" in securityContext.capabilities.add)',
    ],
    [
      'restricted',
      {
        containers: [container('c', { ...GOOD, capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } })],
      },
      'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      'restricted',
      {
        containers: [container('c', GOOD)],
        volumes: [
          { name: 'v', hostPath: { path: '/' } },
          { name: 'e', emptyDir: {} },
        ],
      },
      'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    ],
    [
      'restricted',
      {
        securityContext: { runAsNonRoot: false, runAsUser: 0 },
        containers: [container('c', { ...GOOD, runAsUser: 0 })],
      },
      'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod and container "c" must not set runAsUser=0)',
    ],
    [
      'baseline',
      {
        securityContext: { seccompProfile: { type: 'Unconfined' } },
        containers: [container('c', { procMount: 'Unmasked' })],
      },
      'procMount (container "c" must not set securityContext.procMount to "Unmasked"), seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'baseline',
      { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }, containers: [container('c')] },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'baseline',
      { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } }, containers: [container('c')] },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
    ],
    [
      'baseline',
      { initContainers: [container('i', { privileged: true })], containers: [container('c')] },
      'privileged (container "i" must not set securityContext.privileged=true)',
    ],
  ] as const)('%s: %j', (level, spec, text) => {
    expect(told(level, spec)).toBe(text)
  })

  it('are those of the version that was asked for', () => {
    const spec = { containers: [container('c', { runAsNonRoot: true, runAsUser: 0 })] }
    expect(told('restricted', spec, 7)).toBe('')
    expect(told('restricted', spec, 21)).not.toContain('runAsUser')
    expect(told('restricted', spec, 99)).toContain('runAsUser=0')
    const tuned = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }, containers: [] }
    expect([told('baseline', tuned, 31), told('baseline', tuned, 32)]).toEqual([
      'forbidden sysctls (net.ipv4.tcp_rmem)',
      '',
    ])
  })
})

it('labels that mean nothing are strict where it counts, and lax where it is talk', () => {
  const prefix = 'pod-security.kubernetes.io'
  const { errors, ...policy } = policyOf({
    [`${prefix}/enforce`]: 'tight',
    [`${prefix}/warn`]: 'tight',
    [`${prefix}/audit`]: 'baseline',
    [`${prefix}/audit-version`]: 'v1.7',
    [`${prefix}/warn-version`]: '1.7',
  })
  expect(policy).toEqual({
    enforce: { level: 'restricted' },
    warn: { level: 'privileged' },
    audit: { level: 'baseline', minor: 7 },
  })
  expect(errors.map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
    `metadata.labels[${prefix}/enforce]: must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}/warn]: must be one of privileged, baseline, restricted`,
    `metadata.labels[${prefix}/warn-version]: must be "latest" or "v1.x"`,
  ])
})

describe('the server', () => {
  let api: TestApi
  beforeEach(async () => {
    api = await testApi(systemClock)
  })
  afterEach(() => api.close())

  const MERGE = { 'content-type': 'application/merge-patch+json' }
  const label = (labels: Record<string, string>, path = 'default') => {
    const named = Object.fromEntries(
      Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
    )
    return call(api, `PATCH /api/v1/namespaces/${path}`, { headers: MERGE, body: { metadata: { labels: named } } })
  }
  const makePod = (name: string, spec: object = {}) =>
    call(api, 'POST /api/v1/namespaces/default/pods', {
      body: { metadata: { name }, spec: { containers: [container('c')], ...spec } },
    })
  const warning = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
    String(headers.warning ?? '')

  it('refuses pods that their namespace does not allow, and lets the others in', async () => {
    expect((await makePod('before', { hostNetwork: true })).status).toBe(201)
    await label({ enforce: 'baseline' })
    const refused = await makePod('host', { hostNetwork: true })
    expect(refused.json).toMatchObject({
      code: 403,
      message: 'pods "host" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    })
    expect((await makePod('plain')).status).toBe(201)
    // What is there already may be changed in what does not matter.
    const path = 'PATCH /api/v1/namespaces/default/pods/before'
    expect((await call(api, path, { headers: MERGE, body: { metadata: { labels: { a: 'b' } } } })).status).toBe(200)
    const image = { spec: { containers: [{ ...container('c'), image: 'other' }] } }
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await call(api, path, { headers: strategic, body: image })).status).toBe(403)
  })

  it('warns of pods and of what makes pods, and lets them be', async () => {
    await label({ warn: 'restricted', 'warn-version': 'v1.30' })
    const pod = await makePod('a')
    expect(pod.status).toBe(201)
    expect(warning(pod)).toContain(
      `would violate PodSecurity \\"restricted:v1.30\\": allowPrivilegeEscalation != false`,
    )
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container('c')] } }
    const body = { metadata: { name: 'a' }, spec: { selector: { matchLabels: { app: 'a' } }, template } }
    const deployment = await call(api, 'POST /apis/apps/v1/namespaces/default/deployments', { body })
    expect(deployment.status).toBe(201)
    expect(warning(deployment)).toContain('would violate PodSecurity')
    const fine = { ...template, spec: { containers: [container('c', GOOD)] } }
    const quiet = { metadata: { name: 'b' }, spec: { ...body.spec, template: fine } }
    expect(warning(await call(api, 'POST /apis/apps/v1/namespaces/default/deployments', { body: quiet }))).toBe('')
  })

  it('says which pods a stricter label would refuse, and refuses labels that mean nothing', async () => {
    await makePod('b')
    await makePod('a')
    await makePod('h', { hostNetwork: true })
    const answer = await label({ enforce: 'restricted' })
    expect(answer.status).toBe(200)
    expect(warning(answer)).toContain(
      'existing pods in namespace \\"default\\" violate the new PodSecurity enforce level \\"restricted:latest\\"',
    )
    const why = 'allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile'
    expect(warning(answer)).toContain(`a (and 1 other pod): ${why}`)
    expect(warning(answer)).toContain(`h: host namespaces, ${why}`)
    expect(warning(await label({ enforce: 'baseline' }))).toBe('')
    expect((await label({ enforce: 'tight' })).json).toMatchObject({
      code: 422,
      message:
        'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted',
    })
  })
})
