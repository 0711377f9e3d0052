/** The verbs of kubectl that only make sense with controllers behind them, by the real kubectl. */
import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Node } from '../api/core/node.ts'
import { Pod } from '../api/core/pod.ts'
import { type TestApi, testApi } from '../apiserver/testing.ts'
import { type Kubectl, type KubectlRun, kubectlFor } from '../apiserver/testing-kubectl.ts'
import { createInformers } from '../client/informers.ts'
import type { Informer, Role } from '../client/mod.ts'
import { createProgress } from '../client/progress.ts'
import { systemClock } from '../host/clock/real.ts'
import { silent } from '../lib/log.ts'
import { startControllers } from './mod.ts'

let api: TestApi
let client: Kubectl
let role: Role
const stop = new AbortController()

beforeAll(async () => {
  api = await testApi(systemClock, { namespaces: ['shop', 'kube-node-lease'] })
  client = await kubectlFor(api, 'shop')
  for (const name of ['node-1', 'node-2', 'node-3']) {
    const labels = { 'kubernetes.io/hostname': name }
    const node = await api.client.create(Node, { metadata: { name, labels }, spec: {} })
    const status = { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { pods: '110' } }
    await api.client.updateStatus(Node, { ...node, status })
  }
  const progress = createProgress()
  const deps = { client: api.client, clock: systemClock, log: silent, progress }
  const informers = createInformers(deps, stop.signal)
  // Nobody renews the leases of these nodes.
  role = await startControllers({ ...deps, informers }, { nodeGraceMs: 86_400_000 }, stop.signal)
  playNodes(informers.of(Pod))
})
afterAll(async () => {
  stop.abort(new Error('the tests have ended'))
  await role.done
  await api.close()
})

/** What is bound runs at once; pods of Jobs succeed; the image "broken" never gets ready; what is asked to end has ended. */
function playNodes(pods: Informer<Pod>): void {
  pods.onChange(({ type, object: { metadata, spec }, old }) => {
    const key = { namespace: metadata.namespace!, name: metadata.name }
    const isNews = metadata.deletionTimestamp ? !old?.metadata.deletionTimestamp : spec.nodeName && !old?.spec.nodeName
    if (type === 'deleted' || !isNews) return
    const isJob = metadata.labels?.['job-name'] !== undefined
    const isReady = !isJob && spec.containers[0]?.image !== 'broken'
    const conditions = [
      { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]
    const body = { status: { phase: isJob ? 'Succeeded' : 'Running', podIP: '10.128.0.9', conditions } }
    const done = metadata.deletionTimestamp
      ? api.client.delete(Pod, key, { gracePeriodSeconds: 0 })
      : api.client.patch(Pod, key, { type: 'merge', body }, 'status')
    done.catch(() => {})
  })
}

const run = (line: string, input?: string): Promise<KubectlRun> => client.run(line, input)
const kubectl = (line: string, input?: string): Promise<string> => client.must(line, input)
const last = (text: string): string => text.split('\n').at(-1) ?? ''

const template = (name: string, image: string) => `
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: ${image}}]}
`
const workload = (kind: string, name: string, image: string, spec = 'replicas: 3'): string =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec:\n  ${spec}${template(name, image)}`
const images = (name: string): Promise<string> =>
  kubectl(`get pods -l app=${name} -o jsonpath={.items[*].spec.containers[0].image}`)
const gone = (what: string): Promise<unknown> => kubectl(`wait --for=delete ${what} --timeout=90s`)

describe('kubectl', () => {
  it('rolls a Deployment out, back, on and off', async () => {
    await kubectl('apply -f -', workload('Deployment', 'roll', 'v1', 'replicas: 3'))
    expect(last(await kubectl('rollout status deployment/roll --timeout=90s'))).toBe(
      'deployment "roll" successfully rolled out',
    )
    expect(await kubectl('set image deployment/roll c=v2')).toBe('deployment.apps/roll image updated')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await images('roll')).toBe('v2 v2 v2')
    expect(await kubectl('rollout undo deployment/roll')).toBe('deployment.apps/roll rolled back')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await images('roll')).toBe('v1 v1 v1')
    expect((await kubectl('rollout history deployment/roll')).split('\n').slice(1)).toEqual([
      'REVISION  CHANGE-CAUSE',
      '2         <none>',
      '3         <none>',
    ])
    expect(await kubectl('rollout undo deployment/roll --to-revision=2')).toBe('deployment.apps/roll rolled back')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await images('roll')).toBe('v2 v2 v2')
    expect(await kubectl('rollout pause deployment/roll')).toBe('deployment.apps/roll paused')
    await kubectl('set image deployment/roll c=v3')
    expect((await run('rollout pause deployment/roll')).err).toContain('is already paused')
    expect(await images('roll')).toBe('v2 v2 v2')
    expect(await kubectl('rollout resume deployment/roll')).toBe('deployment.apps/roll resumed')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await images('roll')).toBe('v3 v3 v3')
    expect(await kubectl('rollout restart deployment/roll')).toBe('deployment.apps/roll restarted')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await kubectl('scale deployment/roll --replicas=1')).toBe('deployment.apps/roll scaled')
    await kubectl('rollout status deployment/roll --timeout=90s')
    expect(await images('roll')).toBe('v3')
    await kubectl('delete deployment/roll --cascade=foreground --wait=true --timeout=90s')
    expect(await kubectl('get rs,pods -l app=roll -o name')).toBe('')
  })

  it('tells of a Deployment that does not get on', async () => {
    const manifest = workload('Deployment', 'stuck', 'broken', 'progressDeadlineSeconds: 1\n  replicas: 1')
    await kubectl('apply -f -', manifest)
    const { code, err } = await run('rollout status deployment/stuck --timeout=90s')
    expect([code, last(err)]).toEqual([1, 'error: deployment "stuck" exceeded its progress deadline'])
    await kubectl('delete deployment/stuck --timeout=90s')
    await gone('pods -l app=stuck').catch(() => {})
  })

  it('recreates where told to', async () => {
    const recreate = 'replicas: 2\n  strategy: {type: Recreate}'
    await kubectl('apply -f -', workload('Deployment', 'anew', 'v1', recreate))
    await kubectl('rollout status deployment/anew --timeout=90s')
    await kubectl('apply -f -', workload('Deployment', 'anew', 'v2', recreate))
    await kubectl('rollout status deployment/anew --timeout=90s')
    expect(await images('anew')).toBe('v2 v2')
    await kubectl('delete deployment/anew --cascade=foreground --timeout=90s')
  })

  it.each([
    ['StatefulSet', 'statefulset', 'replicas: 3\n  serviceName: web', 'partitioned roll out complete: 3 new pods'],
    [
      'DaemonSet',
      'daemonset',
      'updateStrategy: {type: RollingUpdate}',
      'daemon set "its-daemonset" successfully rolled out',
    ],
  ])(
    'rolls a %s out and back',
    async (kind, name, spec, done) => {
      const settled = async (image: string): Promise<void> => {
        expect(last(await kubectl(`rollout status ${name}/its-${name} --timeout=90s`))).toContain(done)
        await kubectl(`wait --for=condition=Ready pods -l app=its-${name} --timeout=90s`)
        expect(await images(`its-${name}`)).toBe(`${image} ${image} ${image}`)
      }
      await kubectl('apply -f -', workload(kind, `its-${name}`, 'v1', spec))
      await kubectl(`rollout status ${name}/its-${name} --timeout=90s`)
      await kubectl(`set image ${name}/its-${name} c=v2`)
      await settled('v2')
      expect((await kubectl(`rollout history ${name}/its-${name}`)).split('\n').slice(2)).toEqual([
        '1         <none>',
        '2         <none>',
      ])
      expect(await kubectl(`rollout history ${name}/its-${name} --revision=1`)).toContain('v1')
      expect(await kubectl(`rollout undo ${name}/its-${name}`)).toBe(`${name}.apps/its-${name} rolled back`)
      await settled('v1')
      expect(await kubectl(`rollout restart ${name}/its-${name}`)).toBe(`${name}.apps/its-${name} restarted`)
      await settled('v1')
      await kubectl(`delete ${name}/its-${name} --cascade=orphan --timeout=90s`)
      expect(await images(`its-${name}`)).toBe('v1 v1 v1')
      await kubectl('apply -f -', workload(kind, `its-${name}`, 'v1', spec))
      await kubectl(`rollout status ${name}/its-${name} --timeout=90s`)
      const owners = await kubectl(
        `get pods -l app=its-${name} -o jsonpath={.items[*].metadata.ownerReferences[0].kind}`,
      )
      expect(owners).toBe(`${kind} ${kind} ${kind}`)
      await kubectl(`delete ${name}/its-${name} --cascade=foreground --timeout=90s`)
      expect(await images(`its-${name}`)).toBe('')
    },
    90_000,
  )

  it('gives pods of a StatefulSet lasting names', async () => {
    await kubectl('apply -f -', workload('StatefulSet', 'peers', 'v1', 'replicas: 2\n  serviceName: web'))
    await kubectl('rollout status statefulset/peers --timeout=90s')
    expect(
      await kubectl('get pods -l app=peers -o jsonpath={.items[*].spec.hostname},{.items[*].spec.subdomain}'),
    ).toBe('peers-0 peers-1,web web')
    await kubectl('scale statefulset/peers --replicas=1')
    await gone('pod/peers-1')
    await kubectl('delete statefulset/peers --cascade=foreground --timeout=90s')
  })

  it('runs Jobs and CronJobs', async () => {
    expect(await kubectl('create job sum --image=v1 -- true')).toBe('job.batch/sum created')
    expect(await kubectl('wait --for=condition=complete job/sum --timeout=90s')).toBe('job.batch/sum condition met')
    expect((await kubectl('get job sum --no-headers')).split(/\s+/).slice(0, 3)).toEqual(['sum', 'Complete', '1/1'])
    const cron = await new Promise<string>((resolve, reject) => {
      const words = ['create', 'cronjob', 'tick', '--image=v1', '--schedule=0 0 1 1 *', '--', 'true']
      execFile(client.program, words, { env: client.env }, (error, out) =>
        error ? reject(error) : resolve(out.trim()),
      )
    })
    expect(cron).toBe('cronjob.batch/tick created')
    expect(await kubectl('get cronjob tick --no-headers')).toMatch(/^tick +0 0 1 1 \* +<none> +False +0 +<none> +/)
    expect(await kubectl('create job now --from=cronjob/tick')).toBe('job.batch/now created')
    await kubectl('wait --for=condition=complete job/now --timeout=90s')
    await kubectl('delete cronjob/tick --timeout=90s')
    await gone('job/now')
    await kubectl('delete job/sum --timeout=90s')
    await gone('pods -l job-name=sum').catch(() => {})
    expect(await kubectl('get pods -l job-name -o name')).toBe('')
  })

  it('drains nodes, and waits where a budget says so', async () => {
    await kubectl('apply -f -', workload('Deployment', 'guarded', 'v1', 'replicas: 3'))
    await kubectl('rollout status deployment/guarded --timeout=90s')
    await kubectl('create pdb guard --selector=app=guarded --min-available=3')
    await kubectl('wait --for=condition=DisruptionAllowed=False pdb/guard --timeout=90s')
    const refused = await run('drain node-1 --timeout=4s')
    expect([refused.code, refused.out.split('\n')[0]]).toEqual([1, 'node/node-1 cordoned'])
    expect(refused.err).toContain("Cannot evict pod as it would violate the pod's disruption budget.")
    await kubectl('delete pdb/guard')
    await kubectl('create pdb guard --selector=app=guarded --max-unavailable=1')
    await kubectl('wait --for=jsonpath={.status.disruptionsAllowed}=1 pdb/guard --timeout=90s')
    expect(last(await kubectl('drain node-1 --timeout=90s'))).toBe('node/node-1 drained')
    await kubectl('rollout status deployment/guarded --timeout=90s')
    expect(await kubectl('get pods -l app=guarded -o jsonpath={.items[*].spec.nodeName}')).not.toContain('node-1')
    expect(await kubectl('get node node-1 --no-headers')).toContain('Ready,SchedulingDisabled')
    expect(await kubectl('uncordon node-1')).toBe('node/node-1 uncordoned')
    expect(await kubectl('get pdb guard --no-headers')).toMatch(/^guard +N\/A +1 +1 /)
    await kubectl('delete pdb/guard deployment/guarded --cascade=foreground --timeout=90s')
  })

  it('drives pods off a tainted node', async () => {
    await kubectl('apply -f -', workload('Deployment', 'driven', 'v1', 'replicas: 3'))
    await kubectl('rollout status deployment/driven --timeout=90s')
    expect(await kubectl('taint nodes node-2 dedicated=db:NoExecute')).toBe('node/node-2 tainted')
    await kubectl('wait --for=jsonpath={.status.availableReplicas}=3 deployment/driven --timeout=90s')
    const nodes = () => kubectl('get pods -l app=driven -o jsonpath={.items[*].spec.nodeName}')
    while ((await nodes()).includes('node-2')) await new Promise(resolve => setImmediate(resolve))
    expect((await nodes()).split(' ')).toHaveLength(3)
    await kubectl('taint nodes node-2 dedicated-')
    await kubectl('delete deployment/driven --cascade=foreground --timeout=90s')
  })
})
