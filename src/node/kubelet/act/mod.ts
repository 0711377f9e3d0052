import type { Service } from '../../../api/core/service.ts'
import type { EventRecorder } from '../../../client/events.ts'
import type { Informer } from '../../../client/mod.ts'
import type { HostPorts } from '../../cni/host-ports.ts'
import type { Cni } from '../../cni/mod.ts'
import { RuntimeError } from '../../runtime/mod.ts'
import type { KubeletDeps, KubeletOptions } from '../options.ts'
import type { RuntimeView } from '../runtime-view.ts'
import type { Whereabouts } from '../spec/fields.ts'
import type { Tokens } from '../volumes/tokens.ts'

/** What is needed to do something to pods. */
export interface ActDeps extends KubeletDeps {
  readonly options: KubeletOptions
  readonly events: EventRecorder
  readonly view: RuntimeView
  readonly services: Informer<Service>
  readonly tokens: Tokens
  /** Absent until the node's pod network is known and stands. */
  readonly cni: () => Cni | undefined
  readonly hostPorts: () => HostPorts | undefined
}

export const isUnavailable = (error: unknown): boolean =>
  error instanceof RuntimeError && error.reason === 'Unavailable'

export const whereabouts = (options: KubeletOptions, podIps: readonly string[]): Whereabouts => ({
  node: options.node,
  hostIps: options.addresses,
  podIps,
})
