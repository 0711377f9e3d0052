import type { Container } from '../../api/core/pod/container.ts'
import type { PodStatus } from '../../api/core/pod/status.ts'
import type { Pod } from '../../api/core/pod.ts'
import type { ContainerStatus, SandboxStatus } from '../runtime/mod.ts'
import type { PodFacts } from './facts.ts'

export const NOW_MS = Date.UTC(2026, 0, 1, 12)

export interface PodSketch {
  readonly spec?: Partial<Pod['spec']>
  readonly status?: PodStatus
  readonly metadata?: Partial<Pod['metadata']>
}

export const podOf = (sketch: PodSketch = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T11:59:00Z',
    ...sketch.metadata,
  },
  spec: { containers: [{ name: 'main', image: 'shop/web:1' }], restartPolicy: 'Always', ...sketch.spec },
  ...(sketch.status ? { status: sketch.status } : {}),
})

export const containerOf = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: `shop/${name}:1`,
  ...more,
})

/** `running`, or `exited <code>` so many seconds ago after so many seconds. */
export function attemptOf(
  name: string,
  attempt: number,
  phase: 'running' | { code: number; agoS?: number; ranS?: number; reason?: 'RuntimeRestarted' },
): ContainerStatus {
  const common = { podUid: 'u1', name, attempt, id: `${name}-${attempt}`, runsAs: 'stand-in', why: 'because' } as const
  if (phase === 'running') return { ...common, phase: { state: 'running', startedAtMs: NOW_MS - 60_000 } }
  const finishedAtMs = NOW_MS - (phase.agoS ?? 0) * 1000
  return {
    ...common,
    phase: {
      state: 'exited',
      startedAtMs: finishedAtMs - (phase.ranS ?? 1) * 1000,
      finishedAtMs,
      exitCode: phase.code,
      reason: phase.reason ?? (phase.code === 0 ? 'Completed' : 'Error'),
    },
  }
}

export const sandboxOf = (containers: readonly ContainerStatus[], stopped = false): SandboxStatus => ({
  spec: {
    podUid: 'u1',
    namespace: 'shop',
    name: 'web',
    node: 'node-1',
    netns: 'pod-u1',
    hostname: 'web',
    podIps: ['10.128.0.3'],
    hostNetwork: false,
    resolvConf: '',
    hosts: '',
  },
  stopped,
  containers,
})

export const factsOf = (more: Partial<PodFacts> = {}): PodFacts => ({
  pod: podOf(),
  sandbox: sandboxOf([]),
  isSetUp: true,
  isNetworkReady: true,
  isSettingUp: false,
  isTearingDown: false,
  changing: new Set(),
  hooking: new Set(),
  isEnded: false,
  blocked: new Map(),
  checked: new Map(),
  restarts: new Map(),
  nowMs: NOW_MS,
  ...more,
})
