import type { InferMessage } from '../../../schema/field.ts'
import { inline, int32, int64, intOrString, list, message, one, ref, STRING, string } from '../../../schema/field.ts'

const GROUP = 'io.k8s.api.core.v1'

export interface ExecAction extends InferMessage<typeof ExecAction> {}
export const ExecAction = message(`${GROUP}.ExecAction`, 'A command run in the container.', {
  command: list(1, STRING, 'The command and its arguments, without a shell; exit code 0 is success.'),
})

export interface HTTPHeader extends InferMessage<typeof HTTPHeader> {}
export const HTTPHeader = message(`${GROUP}.HTTPHeader`, "A header of a probe's request.", {
  name: string(1, "The header's name.", { required: true }),
  value: string(2, "The header's value.", { present: true, explicit: true }),
})

export interface HTTPGetAction extends InferMessage<typeof HTTPGetAction> {}
export const HTTPGetAction = message(`${GROUP}.HTTPGetAction`, 'A GET request; a status from 200 to 399 is success.', {
  path: string(1, 'The path.', { default: '/' }),
  port: intOrString(2, "The port's number or name.", { required: true }),
  host: string(3, "The host to connect to; the pod's address where absent."),
  scheme: string(4, 'HTTP or HTTPS; certificates are not verified.', { enum: ['HTTP', 'HTTPS'], default: 'HTTP' }),
  httpHeaders: list(5, ref<HTTPHeader>(HTTPHeader), 'Headers to add.'),
})

export interface TCPSocketAction extends InferMessage<typeof TCPSocketAction> {}
export const TCPSocketAction = message(`${GROUP}.TCPSocketAction`, 'A TCP connection; being accepted is success.', {
  port: intOrString(1, "The port's number or name.", { required: true }),
  host: string(2, "The host to connect to; the pod's address where absent."),
})

export interface GRPCAction extends InferMessage<typeof GRPCAction> {}
export const GRPCAction = message(`${GROUP}.GRPCAction`, 'A call of the gRPC health service.', {
  port: int32(1, "The port's number.", { required: true }),
  service: string(2, 'The service asked about.', { explicit: true, default: '' }),
})

export interface SleepAction extends InferMessage<typeof SleepAction> {}
export const SleepAction = message(`${GROUP}.SleepAction`, 'A pause.', {
  seconds: int64(1, 'How long, in seconds.', { required: true }),
})

export interface ProbeHandler extends InferMessage<typeof ProbeHandler> {}
export const ProbeHandler = message(`${GROUP}.ProbeHandler`, 'The ways to probe; exactly one is set.', {
  exec: one(1, ref<ExecAction>(ExecAction), 'Runs a command.'),
  httpGet: one(2, ref<HTTPGetAction>(HTTPGetAction), 'Sends a GET request.'),
  tcpSocket: one(3, ref<TCPSocketAction>(TCPSocketAction), 'Opens a connection.'),
  grpc: one(4, ref<GRPCAction>(GRPCAction), 'Asks the gRPC health service.'),
})

export interface Probe extends InferMessage<typeof Probe>, ProbeHandler {}
export const Probe = message(`${GROUP}.Probe`, 'A check carried out again and again on a container.', {
  handler: inline(1, ProbeHandler),
  initialDelaySeconds: int32(2, "Seconds from the container's start to the first check."),
  timeoutSeconds: int32(3, 'Seconds until a check counts as failed.', { default: 1 }),
  periodSeconds: int32(4, 'Seconds between checks.', { default: 10 }),
  successThreshold: int32(5, 'Successes in a row until a failed check counts as passed again.', { default: 1 }),
  failureThreshold: int32(6, 'Failures in a row until the check counts as failed.', { default: 3 }),
  terminationGracePeriodSeconds: int64(7, "Overrides the pod's grace period when this check kills the container.", {
    explicit: true,
  }),
})

export interface LifecycleHandler extends InferMessage<typeof LifecycleHandler> {}
export const LifecycleHandler = message(
  `${GROUP}.LifecycleHandler`,
  "What to do at a point of a container's life; exactly one is set.",
  {
    exec: one(1, ref<ExecAction>(ExecAction), 'Runs a command.'),
    httpGet: one(2, ref<HTTPGetAction>(HTTPGetAction), 'Sends a GET request.'),
    tcpSocket: one(3, ref<TCPSocketAction>(TCPSocketAction), 'No longer used.'),
    sleep: one(4, ref<SleepAction>(SleepAction), 'Waits.'),
  },
)

const SIGNALS =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
const numbered = (name: string, sign: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}${sign}${index + 1}`)
/** In the order of their names. */
export const STOP_SIGNALS: readonly string[] = [
  ...SIGNALS.split(' '),
  ...numbered('RTMIN', '+', 15),
  ...numbered('RTMAX', '-', 14),
]
  .map(name => `SIG${name}`)
  .sort()

export interface Lifecycle extends InferMessage<typeof Lifecycle> {}
export const Lifecycle = message(`${GROUP}.Lifecycle`, "What to do at points of a container's life.", {
  postStart: one(
    1,
    ref<LifecycleHandler>(LifecycleHandler),
    'Right after the container starts; the container is killed when it fails.',
  ),
  preStop: one(2, ref<LifecycleHandler>(LifecycleHandler), 'Before the container is ended, within its grace period.'),
  stopSignal: string(3, 'The signal that ends it; its image says where absent.', {
    explicit: true,
    enum: STOP_SIGNALS,
  }),
})
