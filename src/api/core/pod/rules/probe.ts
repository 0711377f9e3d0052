import { forbidden, invalid, required } from '../../../../schema/field-error.ts'
import type { FieldError } from '../../../../schema/kind.ts'
import { portName, portNumber } from '../../../meta/names.ts'
import { named, notNegative } from '../../../meta/rules.ts'
import type { Container } from '../container.ts'
import type { GRPCAction, HTTPGetAction, Lifecycle, LifecycleHandler, Probe, ProbeHandler } from '../probe.ts'

/** `graceSeconds`: how long the pod has to end. */
export function probesErrors(container: Container, path: string, graceSeconds: number): readonly FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
  return [
    ...probeErrors(livenessProbe, `${path}.livenessProbe`, true),
    ...probeErrors(readinessProbe, `${path}.readinessProbe`, false),
    ...probeErrors(startupProbe, `${path}.startupProbe`, true),
    ...(readinessProbe?.terminationGracePeriodSeconds === undefined
      ? []
      : [
          invalid(
            `${path}.readinessProbe.terminationGracePeriodSeconds`,
            readinessProbe.terminationGracePeriodSeconds,
            'must not be set for readinessProbes',
          ),
        ]),
    ...lifecycleErrors(lifecycle, `${path}.lifecycle`, graceSeconds),
  ]
}

function probeErrors(probe: Probe | undefined, path: string, once: boolean): readonly FieldError[] {
  if (!probe) return []
  const { successThreshold, terminationGracePeriodSeconds: grace } = probe
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'failureThreshold'] as const
  return [
    ...handlerErrors(probe, path),
    ...numbers.flatMap(name => notNegative(`${path}.${name}`, probe[name])),
    ...notNegative(`${path}.successThreshold`, successThreshold),
    ...(once && successThreshold !== undefined && successThreshold !== 1
      ? [invalid(`${path}.successThreshold`, successThreshold, 'must be 1')]
      : []),
    ...(grace !== undefined && grace <= 0
      ? [invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')]
      : []),
  ]
}

const lifecycleErrors = (lifecycle: Lifecycle | undefined, path: string, graceSeconds: number): readonly FieldError[] =>
  (['postStart', 'preStop'] as const).flatMap(name => {
    const handler = lifecycle?.[name]
    if (!handler) return []
    const seconds = handler.sleep?.seconds ?? 0
    return [
      ...handlerErrors(handler, `${path}.${name}`),
      ...(seconds >= 0 && seconds <= graceSeconds
        ? []
        : [
            invalid(
              `${path}.${name}.sleep`,
              seconds,
              `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
            ),
          ]),
    ]
  })

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

function handlerErrors(handler: ProbeHandler & LifecycleHandler, path: string): readonly FieldError[] {
  const given = HANDLERS.filter(name => handler[name] !== undefined)
  const [first, ...others] = given
  if (first === undefined) return [required(path, 'must specify a handler type')]
  return [
    ...others.map(name => forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')),
    ...actionErrors(handler, first, `${path}.${first}`),
  ]
}

function actionErrors(
  handler: ProbeHandler & LifecycleHandler,
  name: (typeof HANDLERS)[number],
  path: string,
): readonly FieldError[] {
  switch (name) {
    case 'exec':
      return handler.exec?.command?.length ? [] : [required(`${path}.command`)]
    case 'httpGet':
      return httpErrors(handler.httpGet!, path)
    case 'tcpSocket':
      return portErrors(handler.tcpSocket!.port, `${path}.port`)
    case 'grpc':
      return grpcErrors(handler.grpc!, path)
    case 'sleep':
      return []
  }
}

const httpErrors = ({ path: url, port, httpHeaders = [] }: HTTPGetAction, path: string): readonly FieldError[] => [
  ...(url ? [] : [required(`${path}.path`)]),
  ...portErrors(port, `${path}.port`),
  ...httpHeaders.flatMap(({ name }) =>
    /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalid(`${path}.httpHeaders`, name, HEADER)],
  ),
]

const HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"

const grpcErrors = ({ port }: GRPCAction, path: string): readonly FieldError[] => portErrors(port, `${path}.port`)

/** A port by number or by the name a container gives it. */
const portErrors = (port: number | string, path: string): readonly FieldError[] =>
  typeof port === 'string' ? named(path, port, portName) : portNumber(port).map(detail => invalid(path, port, detail))
