import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import type { EventRecorder } from '../../client/events.ts'
import type { Informer, Informers } from '../../client/mod.ts'
import type { LinkDriver } from '../../host/link/mod.ts'
import type { Netns, NetnsDriver } from '../../host/netns/mod.ts'
import type { Listener, SocketDriver } from '../../host/socket/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import { codeOf, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { netnsOf } from '../cni/names.ts'
import type { Suspect, Warning } from './decide.ts'
import { nodePortWarning, readEphemeral, suspectsOf, unheardWarning } from './decide.ts'

export interface AdviceDeps {
  readonly informers: Informers
  readonly sockets: SocketDriver
  readonly link: LinkDriver
  readonly netns: NetnsDriver
  readonly events: EventRecorder
  readonly clock: Clock
  readonly log: Logger
}

/** Programs may take a while to listen: so often is looked, each time this long after the last. */
const LOOKS = 3
const LOOK_MS = 4000
const SYSCTL_MS = 10_000
/** Endpoints that are remembered as looked at; beyond, some are looked at again. */
const MEMORY = 10_000

/** Watches over the Services of one node until the signal aborts. `node` runs in the driver's home. Resolves when synced. */
export async function startAdvice(deps: AdviceDeps, node: string, signal: AbortSignal): Promise<void> {
  const services = deps.informers.of(Service)
  const slices = deps.informers.of(EndpointSlice)
  await deps.informers.sync(signal)
  const warn = (service: string, [reason, message]: Warning): void => {
    const [namespace = '', name = ''] = service.split('/')
    const object = services.get({ namespace, name })
    if (object) deps.events.record(object, 'Warning', reason, message)
  }
  const stops = [watchPorts(deps, node, slices, warn), watchNodePorts(deps, node, services, warn)]
  signal.addEventListener('abort', () => {
    for (const stop of stops) stop()
  })
}

type Warn = (service: string, warning: Warning) => void

/** Looks at each port of each pod when it becomes an endpoint, and then no more. */
function watchPorts(deps: AdviceDeps, node: string, slices: Informer<EndpointSlice>, warn: Warn): () => void {
  const { clock } = deps
  const seen = new Set<string>()
  let cancels = new Set<() => void>()
  const isStill = (suspect: Suspect): boolean =>
    slices.list().some(slice => suspectsOf(slice, node).some(one => keyOf(one) === keyOf(suspect)))
  const look = (suspect: Suspect, left: number): void => {
    const cancel = clock.after(LOOK_MS, () => {
      cancels.delete(cancel)
      const listeners = listenersOf(deps, suspect)
      const warning = listeners && unheardWarning(suspect, listeners)
      if (!warning) return
      if (left > 1) look(suspect, left - 1)
      else if (isStill(suspect)) warn(suspect.service, warning)
    })
    cancels.add(cancel)
  }
  const take = (slice: EndpointSlice): void => {
    for (const suspect of suspectsOf(slice, node)) {
      const key = keyOf(suspect)
      if (seen.has(key)) continue
      if (seen.size >= MEMORY) seen.clear()
      seen.add(key)
      look(suspect, LOOKS)
    }
  }
  for (const slice of slices.list()) take(slice)
  const stop = slices.onChange(({ type, object }) => {
    if (type !== 'deleted') take(object)
  })
  return () => {
    stop()
    for (const cancel of cancels) cancel()
    cancels = new Set()
  }
}

const keyOf = ({ service, podUid, protocol, port }: Suspect): string => `${service} ${podUid} ${protocol} ${port}`

/** Undefined where the pod is gone. Pods of the host's network have no namespace of their own. */
function listenersOf(deps: AdviceDeps, { podUid }: Suspect): readonly Listener[] | undefined {
  let opened: Netns | undefined
  try {
    opened = deps.netns.open(netnsOf(podUid))
    return deps.sockets.listeners(opened)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return deps.sockets.listeners(deps.netns.home)
    deps.log.debug({ podUid, error: messageOf(error) }, 'who listens in the pod cannot be told')
    return undefined
  } finally {
    if (opened) deps.netns.close(opened)
  }
}

function watchNodePorts(deps: AdviceDeps, node: string, services: Informer<Service>, warn: Warn): () => void {
  const { link, netns, clock } = deps
  const read = (): ReturnType<typeof readEphemeral> =>
    readEphemeral(
      link.sysctlOf(netns.home, 'net/ipv4/ip_local_port_range'),
      link.sysctlOf(netns.home, 'net/ipv4/ip_local_reserved_ports'),
    )
  let ephemeral = read()
  const check = (service: Service): void => {
    const warning = ephemeral && service.spec && nodePortWarning(service, ephemeral, node)
    if (warning) warn(`${service.metadata.namespace}/${service.metadata.name}`, warning)
  }
  const look = (): void => {
    cancel = clock.after(SYSCTL_MS, look)
    const now = read()
    if (JSON.stringify(now) === JSON.stringify(ephemeral)) return
    ephemeral = now
    services.list().forEach(check)
  }
  let cancel = clock.after(SYSCTL_MS, look)
  services.list().forEach(check)
  const portsOf = ({ spec }: Service): string => JSON.stringify([spec?.ports, spec?.healthCheckNodePort])
  const stop = services.onChange(({ type, object, old }) => {
    if (type !== 'deleted' && (!old || portsOf(old) !== portsOf(object))) check(object)
  })
  return () => {
    stop()
    cancel()
  }
}
