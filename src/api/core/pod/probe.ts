import type { InferMessage } from '../../../schema/field.ts'
import { inline, int32, int64, intOrString, list, message, one, ref, STRING, string } from '../../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ExecAction extends InferMessage<typeof ExecAction> {}
export const ExecAction = message(`${GROUP}.ExecAction`, '', {
  command: list(1, STRING, ''),
})

export interface HTTPHeader extends InferMessage<typeof HTTPHeader> {}
export const HTTPHeader = message(`${GROUP}.HTTPHeader`, '', {
  name: string(1, '', { required: true }),
  value: string(2, '', { required: true }),
})

export interface HTTPGetAction extends InferMessage<typeof HTTPGetAction> {}
export const HTTPGetAction = message(`${GROUP}.HTTPGetAction`, '', {
  path: string(1, ''),
  port: intOrString(2, '', { required: true }),
  host: string(3, ''),
  scheme: string(4, '', { enum: ['HTTP', 'HTTPS'] }),
  httpHeaders: list(5, ref<HTTPHeader>(HTTPHeader), ''),
})

export interface TCPSocketAction extends InferMessage<typeof TCPSocketAction> {}
export const TCPSocketAction = message(`${GROUP}.TCPSocketAction`, '', {
  port: intOrString(1, '', { required: true }),
  host: string(2, ''),
})

export interface GRPCAction extends InferMessage<typeof GRPCAction> {}
export const GRPCAction = message(`${GROUP}.GRPCAction`, '', {
  port: int32(1, '', { required: true }),
  service: string(2, '', { explicit: true, default: '' }),
})

export interface SleepAction extends InferMessage<typeof SleepAction> {}
export const SleepAction = message(`${GROUP}.SleepAction`, '', {
  seconds: int64(1, '', { required: true }),
})

export interface ProbeHandler extends InferMessage<typeof ProbeHandler> {}
export const ProbeHandler = message(`${GROUP}.ProbeHandler`, '', {
  exec: one(1, ref<ExecAction>(ExecAction), ''),
  httpGet: one(2, ref<HTTPGetAction>(HTTPGetAction), ''),
  tcpSocket: one(3, ref<TCPSocketAction>(TCPSocketAction), ''),
  grpc: one(4, ref<GRPCAction>(GRPCAction), ''),
})

export interface Probe extends InferMessage<typeof Probe>, ProbeHandler {}
export const Probe = message(`${GROUP}.Probe`, '', {
  handler: inline(1, ProbeHandler),
  initialDelaySeconds: int32(2, ''),
  timeoutSeconds: int32(3, ''),
  periodSeconds: int32(4, ''),
  successThreshold: int32(5, ''),
  failureThreshold: int32(6, ''),
  terminationGracePeriodSeconds: int64(7, '', { explicit: true }),
})

export interface LifecycleHandler extends InferMessage<typeof LifecycleHandler> {}
export const LifecycleHandler = message(`${GROUP}.LifecycleHandler`, '', {
  exec: one(1, ref<ExecAction>(ExecAction), ''),
  httpGet: one(2, ref<HTTPGetAction>(HTTPGetAction), ''),
  tcpSocket: one(3, ref<TCPSocketAction>(TCPSocketAction), ''),
  sleep: one(4, ref<SleepAction>(SleepAction), ''),
})

export interface Lifecycle extends InferMessage<typeof Lifecycle> {}
export const Lifecycle = message(`${GROUP}.Lifecycle`, '', {
  postStart: one(1, ref<LifecycleHandler>(LifecycleHandler), ''),
  preStop: one(2, ref<LifecycleHandler>(LifecycleHandler), ''),
})
