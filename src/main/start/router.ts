import { Writable } from 'node:stream'
import { realHaproxy } from '../../host/haproxy/real.ts'
import { begin } from '../../main.ts'
import { parseRouterArgs } from '../../model/routes/options.ts'
import { createMeter } from '../../router/meter.ts'
import { startRouter } from '../../router/role.ts'
import { adminSocket } from '../../twin/roles.ts'
import { serveAdmin } from '../admin.ts'
import { connect } from '../connect.ts'
import { takeFlags } from '../flags.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { runRole, stopSignal } from '../signals.ts'

/** A router of an IngressController: HAProxy as the Routes of the API say. */
export const start = begin(async args => {
  const { values, rest } = takeFlags(args, ['kubeconfig'])
  const options = parseRouterArgs(rest)
  const log = createLog('router')
  const signal = stopSignal()
  const host = await realHost()
  const kubeconfig = values.get('kubeconfig') ?? process.env.KUBECONFIG ?? ''
  const { client, informers, progress } = await connect(kubeconfig, log, signal)
  const folder = `/run/fairlead/haproxy-${options.controller}-${process.env.HOSTNAME ?? process.pid}`.slice(0, 80)
  const meter = createMeter()
  const logs = new Writable({
    write(chunk: Buffer, _encoding, done) {
      meter.read(chunk)
      process.stdout.write(chunk, done)
    },
  })
  const haproxy = await realHaproxy({ folder, logs, log, clock: host.clock })
  const listen = (server: Parameters<typeof host.sockets.listen>[0], port: number): Promise<void> =>
    host.sockets.listen(server, { netns: host.netns.home, port })
  const role = await startRouter(
    { client, informers, progress, haproxy, clock: host.clock, log, listen, meter },
    options,
    signal,
  )
  serveAdmin(adminSocket(`router-${process.env.HOSTNAME ?? 'local'}`), role.progress, signal)
  await runRole(role, log)
})
