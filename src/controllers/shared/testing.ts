import { CustomResourceDefinition } from '../../api/apiextensions/custom-resource-definition.ts'
import { ControllerRevision } from '../../api/apps/controller-revision.ts'
import { DaemonSet } from '../../api/apps/daemon-set.ts'
import { Deployment } from '../../api/apps/deployment.ts'
import { ReplicaSet } from '../../api/apps/replica-set.ts'
import { StatefulSet } from '../../api/apps/stateful-set.ts'
import { CronJob } from '../../api/batch/cron-job.ts'
import { Job } from '../../api/batch/job.ts'
import { Lease } from '../../api/coordination/lease.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Endpoints } from '../../api/core/endpoints.ts'
import { Event } from '../../api/core/event.ts'
import { Namespace } from '../../api/core/namespace.ts'
import { Node } from '../../api/core/node.ts'
import { PersistentVolumeClaim } from '../../api/core/persistent-volume-claim.ts'
import { Pod } from '../../api/core/pod.ts'
import { ResourceQuota } from '../../api/core/resource-quota.ts'
import { Service } from '../../api/core/service.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { ApiObject, Kind, OwnerReference } from '../../api/meta/meta.ts'
import { PodDisruptionBudget } from '../../api/policy/pod-disruption-budget.ts'
import { createEventRecorder, type EventRecorder } from '../../client/events.ts'
import { type TestBench, testBench } from '../../client/testing.ts'
import type { ControllerDeps } from './controller.ts'

/** Enough kinds for tests of generic controllers. */
export const TEST_KINDS: readonly Kind<ApiObject>[] = [
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  Job,
  Lease,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceQuota,
  Service,
  ServiceAccount,
  StatefulSet,
]

export interface ControllerBench extends TestBench {
  readonly deps: ControllerDeps
  /** Waits for recorded events to be written; answers "reason: message" of those about an object of this name. */
  eventsOf(name: string): Promise<readonly string[]>
}

export function controllerBench(...args: Parameters<typeof testBench>): ControllerBench {
  const bench = testBench(...args)
  const recorders: EventRecorder[] = []
  const { clock, log, progress, informers, api } = bench
  const events = (component: string): EventRecorder => {
    const recorder = createEventRecorder({ client: api.client, clock, log }, { component })
    recorders.push(recorder)
    return recorder
  }
  return {
    ...bench,
    deps: { client: informers.client, informers, events, clock, log, progress },
    async eventsOf(name) {
      await Promise.all(recorders.map(recorder => recorder.flush()))
      const about = api.all(Event).filter(event => event.involvedObject.name === name)
      return about.map(event => `${event.reason}: ${event.message}`)
    },
  }
}

/** Plays the nodes: what is bound runs and gets ready at once, what is deleted goes. Returns the way to stop. */
export function fakeNodes({ informers, api }: TestBench, ready: (pod: Pod) => boolean = () => true): () => void {
  let addresses = 0
  return informers.of(Pod).onChange(({ type, object: pod }) => {
    const { namespace, name } = pod.metadata
    const key = { namespace: namespace!, name }
    const held = api.get(Pod, key)
    if (type === 'deleted' || !pod.spec.nodeName || held?.metadata.uid !== pod.metadata.uid) return
    if (held.metadata.deletionTimestamp) return void setImmediate(() => api.get(Pod, key) && api.drop(Pod, key))
    if (held.status?.phase === 'Running') return
    const address = ++addresses
    const ip = `10.128.${address >> 8}.${address & 255}`
    const lastTransitionTime = held.metadata.creationTimestamp!
    const condition = { type: 'Ready', status: ready(held) ? 'True' : 'False', lastTransitionTime }
    const status = { phase: 'Running' as const, podIP: ip, podIPs: [{ ip }], conditions: [condition] }
    setImmediate(() => {
      const latest = api.get(Pod, key)
      if (latest && latest.metadata.uid === held.metadata.uid)
        api.put(Pod, { ...latest, status: { ...latest.status, ...status } })
    })
  })
}

export const nodeSeed = (name: string, extra: Partial<Node['spec']> = {}, labels: Record<string, string> = {}) => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: extra,
  status: { conditions: [{ type: 'Ready', status: 'True' }], allocatable: { pods: '110' } },
})

export const deploymentDraft = (name: string, replicas: number, image = 'agnhost', namespace = 'shop') => ({
  metadata: { namespace, name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } } as never,
      spec: { containers: [{ name: 'main', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
    },
  },
})

export interface PodShape {
  readonly name: string
  readonly labels?: Record<string, string>
  readonly node?: string
  readonly ip?: string
  readonly ready?: boolean
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  readonly ending?: boolean
  readonly owner?: OwnerReference
  readonly meta?: Partial<Pod['metadata']>
  readonly spec?: Partial<Pod['spec']>
  readonly readySince?: string
}

const BORN = '2026-01-01T00:00:00Z'

/** A pod as it is stored, for tests of pure parts. */
export function podOf(shape: PodShape): Pod {
  const { name, ip, phase = ip ? 'Running' : 'Pending', ready = phase === 'Running' } = shape
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: shape.readySince ?? BORN }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: BORN,
      ...(shape.labels ? { labels: shape.labels } : {}),
      ...(shape.owner ? { ownerReferences: [shape.owner] } : {}),
      ...(shape.ending ? { deletionTimestamp: BORN } : {}),
      ...shape.meta,
    },
    spec: {
      containers: [{ name: 'main', image: 'agnhost', ports: [{ name: 'http', containerPort: 8080 }] }],
      ...(shape.node ? { nodeName: shape.node } : {}),
      ...shape.spec,
    },
    status: { phase, conditions: [condition], ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}) },
  }
}

export const nodeOf = (
  name: string,
  spec: Node['spec'] = {},
  labels: Record<string, string> = {},
  status: Node['status'] = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: BORN, labels },
  spec,
  status,
})

export const serviceOf = (
  name: string,
  spec: Partial<Service['spec']> = {},
  meta: Partial<Service['metadata']> = {},
): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: BORN, ...meta },
  spec: {
    selector: { app: name },
    ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
    clusterIP: '172.30.0.7',
    ...spec,
  },
})
