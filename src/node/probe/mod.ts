/** One check of a container, as probes of all three kinds make it. */
import type { Netns } from '../../host/netns/mod.ts'
import type { SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { PodRuntime } from '../runtime/mod.ts'

export interface HttpCheck {
  readonly kind: 'http'
  readonly scheme: 'HTTP' | 'HTTPS'
  readonly address: Ip
  readonly port: number
  readonly path: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}
export interface TcpCheck {
  readonly kind: 'tcp'
  readonly address: Ip
  readonly port: number
}
export interface ExecCheck {
  readonly kind: 'exec'
  readonly podUid: string
  readonly container: string
  readonly command: readonly string[]
}
export interface GrpcCheck {
  readonly kind: 'grpc'
  readonly address: Ip
  readonly port: number
  readonly service: string
}
/** `invalid`: the probe itself is wrong (a port name that no container has), so every check fails with this message. */
export type Check =
  | HttpCheck
  | TcpCheck
  | ExecCheck
  | GrpcCheck
  | { readonly kind: 'invalid'; readonly message: string }

/** `message` says why it failed, in the kubelet's words. */
export interface Outcome {
  readonly ok: boolean
  readonly message: string
}

export interface ProbeDeps {
  readonly socket: Pick<SocketDriver, 'connect'>
  /** Checks come from the node. */
  readonly netns: Netns
  readonly clock: Clock
  readonly runtime: Pick<PodRuntime, 'exec'>
}
