import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { logPipe } from '../../host/haproxy/log-pipe.ts'
import { realHaproxy } from '../../host/haproxy/real.ts'
import { download } from '../../host/https/download.ts'
import { ip } from '../../lib/ip.ts'
import { begin } from '../../main.ts'
import { parseRouterArgs, routerHelp } from '../../model/routes/options.ts'
import { installRoutesCrd } from '../../router/install-crd.ts'
import { createMeter } from '../../router/meter.ts'
import { startRouter } from '../../router/role.ts'
import type { Doors } from '../../router/waiting-room.ts'
import { adminSocket } from '../../twin/roles.ts'
import { serveAdmin } from '../admin.ts'
import { connect } from '../connect.ts'
import { joinValues, takeFlags } from '../flags.ts'
import { type RealHost, realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { runRole, stopSignal } from '../signals.ts'
import { KUBECONFIG_HELP, wasHelped } from '../usage.ts'

/** Makes Routes known to an API that has none. */
const INSTALL = '--install-routes-crd'
const COMMAND = {
  command: 'router',
  does: 'A router for any cluster: its Routes and Ingresses on HAProxy, without reloads.',
  flags: {
    kubeconfig: KUBECONFIG_HELP,
    'install-routes-crd': 'make Routes known to an API that has none',
    ...routerHelp(),
  },
}

/** A router of an IngressController: HAProxy as the Routes of the API say. */
export const start = begin(async args => {
  if (wasHelped(args, COMMAND)) return
  const { values, rest } = takeFlags(joinValues(args.filter(arg => arg !== INSTALL)), ['kubeconfig'])
  const options = parseRouterArgs(rest)
  const log = createLog('router')
  const signal = stopSignal()
  const host = await realHost()
  const kubeconfig = values.get('kubeconfig') ?? process.env.KUBECONFIG ?? ''
  const { client, informers, progress } = await connect(kubeconfig, log, signal)
  if (args.includes(INSTALL)) log.info({ routes: await installRoutesCrd(client, signal) }, 'the API knows Routes')
  const folder = `/run/fairlead/haproxy-${options.controller}-${process.env.HOSTNAME ?? process.pid}`.slice(0, 80)
  const meter = createMeter()
  const pipe = options.settings.log?.pipe
  const output = pipe === undefined ? process.stdout : logPipe(pipe, host.clock)
  const logs = new Writable({
    write(chunk: Buffer, _encoding, done) {
      meter.read(chunk)
      output.write(chunk, done)
    },
  })
  const haproxy = await realHaproxy({ folder, logs, log, clock: host.clock })
  const listen = (server: Parameters<typeof host.sockets.listen>[0], port: number): Promise<void> =>
    host.sockets.listen(server, { netns: host.netns.home, port })
  const role = await startRouter(
    { client, informers, progress, haproxy, clock: host.clock, log, listen, meter, doors: doorsOf(host), download },
    options,
    signal,
  )
  serveAdmin(adminSocket(`router-${process.env.HOSTNAME ?? 'local'}`), role.progress, signal)
  await runRole(role, log)
})

/** Ports of the router's own loopback. */
const doorsOf = ({ sockets, netns }: RealHost): Doors => ({
  async open(onConnection) {
    const server = sockets.server(onConnection)
    await sockets.listen(server, { netns: netns.home, port: 0, address: ip('127.0.0.1') })
    const { port } = server.address() as AddressInfo
    return { port, close: () => void server.close() }
  },
  connect: (address, port) => sockets.connect({ netns: netns.home, address, port, allowHalfOpen: true }),
})
