import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Namespace } from '../../../api/core/namespace.ts'
import { Pod } from '../../../api/core/pod.ts'
import type { NetworkPolicySpec } from '../../../api/networking/network-policy.ts'
import { NetworkPolicy } from '../../../api/networking/network-policy.ts'
import type { FakeApi } from '../../../client/fake.ts'
import type { TestBench } from '../../../client/testing.ts'
import type { DatapathOptions } from '../../../datapath/options.ts'
import { silence } from '../../../host/clock/testing.ts'
import type { ApiObject, Kind } from '../../../schema/kind.ts'
import type { World } from '../testing.ts'
import { OPTIONS } from '../testing.ts'
import type { PolicyDeps, PolicyOptions, PolicyRole } from './role.ts'
import { startPolicy } from './role.ts'

export interface TestPod {
  readonly name: string
  readonly namespace?: string
  readonly node: string
  readonly address?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ports?: readonly {
    readonly name: string
    readonly containerPort: number
    readonly protocol?: 'TCP' | 'UDP'
  }[]
  readonly hostNetwork?: boolean
  readonly phase?: string
}

export const putPod = (api: FakeApi, pod: TestPod): Pod =>
  api.put(Pod, {
    metadata: { namespace: pod.namespace ?? 'shop', name: pod.name, labels: pod.labels ?? { app: pod.name } },
    spec: {
      nodeName: pod.node,
      ...(pod.hostNetwork ? { hostNetwork: true } : {}),
      containers: [{ name: 'c', ...(pod.ports ? { ports: [...pod.ports] } : {}) }],
    },
    status: {
      phase: pod.phase ?? 'Running',
      ...(pod.address ? { podIP: pod.address, podIPs: [{ ip: pod.address }] } : {}),
    },
  } as never)

export const putNamespace = (api: FakeApi, name: string, labels: Readonly<Record<string, string>> = {}): Namespace =>
  api.put(Namespace, { metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } } } as never)

export const putPolicy = (api: FakeApi, name: string, spec: NetworkPolicySpec, namespace = 'shop'): NetworkPolicy =>
  api.put(NetworkPolicy, { metadata: { namespace, name }, spec } as never)

export function dropAll<T extends ApiObject>(api: FakeApi, kind: Kind<T>): void {
  for (const { metadata } of api.all(kind)) api.drop(kind, metadata)
}

/** What the other end answers; "silence" where nothing comes. */
export const echo = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text)
  return once(socket, 'data', { signal: silence(700) }).then(
    ([data]) => String(data),
    () => 'silence',
  )
}

export const policyOn = (
  world: World,
  bench: TestBench,
  node: number,
  signal = bench.signal,
  more: Partial<PolicyDeps & Pick<PolicyOptions, 'names' | keyof DatapathOptions>> = {},
): Promise<PolicyRole> =>
  startPolicy(
    { ...bench, client: bench.api.client, nft: world.nft, sockets: world.sockets, ...more },
    { ...OPTIONS, node: `node-${node}`, netns: world.node(node), policesOwnNode: true, ...more },
    signal,
  )
