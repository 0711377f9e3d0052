import type { Role } from '../../client/mod.ts'
import { joinProgress } from '../../client/progress.ts'
import { unixDoor } from '../../dns/names/doors.ts'
import { serveNames } from '../../dns/names/gate.ts'
import { begin } from '../../main.ts'
import { startRuntime } from '../../node/runtime/role.ts'
import { clusterNetworksOf, serviceNetworksOf } from '../../twin/config.ts'
import { fromArgs } from '../../twin/flags.ts'
import { ROLE_MOUNTS, ROUTER_KUBECONFIG, RUNTIME_FLAGS } from '../../twin/roles.ts'
import { readConfig, twinFolderAt } from '../../twin/state.ts'
import { serveAdmin } from '../admin.ts'
import { connect } from '../connect.ts'
import { dnsBuiltin } from '../dns-builtin.ts'
import { untilWorldStands } from '../go.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { PROGRAM, PROGRAM_FOLDER } from '../program.ts'
import { runRole, stopSignal } from '../signals.ts'

/** The pod runtime of a twin: every node's containers, with DNS servers and routers among them. */
export const start = begin(async args => {
  const options = fromArgs('runtime', RUNTIME_FLAGS, args)
  const log = createLog('runtime')
  const signal = stopSignal()
  const { netns, sockets, processes, fs, clock } = await realHost()
  untilWorldStands()
  const config = readConfig(fs, twinFolderAt(options.folder))
  const podNetworks = config ? clusterNetworksOf(config).map(({ cidr }) => cidr) : []
  const networks = [...podNetworks, ...(config ? serviceNetworksOf(config) : [])]
  const { informers, progress } = await connect(options.kubeconfig, log, signal)
  const gate = await serveNames({ informers, clock, log }, unixDoor(sockets, options.namesSocket), signal)
  // Where nodes' pods are is known before the first DNS server is asked, and `wait` waits for no cache that nobody has begun.
  informers.sync(signal).catch(() => {})
  const role = await startRuntime(
    { netns, socket: sockets, process: processes, fs, clock, log },
    {
      socketPath: options.socket,
      stateDir: options.stateDir,
      builtins: new Map([['fairlead/dns', dnsBuiltin({ informers, sockets, clock, log, gate }, { networks })]]),
      roles: new Map([['fairlead/router', [...PROGRAM, 'router', `--kubeconfig=${ROUTER_KUBECONFIG}`]]]),
      roleMounts: [...ROLE_MOUNTS, { source: PROGRAM_FOLDER, target: PROGRAM_FOLDER, readOnly: true }],
    },
    signal,
  )
  const whole: Role = { ...role, progress: () => joinProgress([role.progress(), progress.progress()]) }
  serveAdmin(options.admin, whole.progress, signal)
  await runRole(whole, log)
})
