import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { DNS_HELP, dnsArguments, resolvConfUpstreams } from '../../dns/arguments.ts'
import { serveNames } from '../../dns/names/gate.ts'
import { startDns } from '../../dns/role.ts'
import { UserError } from '../../lib/errors.ts'
import { begin } from '../../main.ts'
import { connect } from '../connect.ts'
import { corefileAt, zoneOf } from '../dns-builtin.ts'
import { joinValues, takeFlags } from '../flags.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { DOOR_FLAGS, DOOR_HELP, doorOf } from '../names.ts'
import { runRole, stopSignal } from '../signals.ts'
import { KUBECONFIG_HELP, wasHelped } from '../usage.ts'

const COMMAND = {
  command: 'dns',
  does: 'The DNS server of any cluster: names of Services and pods, as CoreDNS answers them.',
  flags: { kubeconfig: KUBECONFIG_HELP, ...DNS_HELP, ...DOOR_HELP },
}

/** A DNS server of its own process, for the names of the cluster that the kubeconfig leads to. */
export const start = begin(async args => {
  if (wasHelped(args, COMMAND)) return
  const { values, rest } = takeFlags(joinValues(args), ['kubeconfig', ...DOOR_FLAGS])
  const { port, domain, upstreams, logClass, corefile } = dnsArguments(rest)
  const kubeconfig = values.get('kubeconfig') ?? process.env.KUBECONFIG
  if (!kubeconfig)
    throw new UserError('Usage', 'dns: which cluster?', { hint: 'say --kubeconfig FILE, or set KUBECONFIG' })
  const log = createLog('dns')
  const signal = stopSignal()
  const host = await realHost()
  const { client, informers, progress } = await connect(kubeconfig, log, signal)
  const door = doorOf(values, { client, host, log })
  const gate = door && (await serveNames({ informers, clock: host.clock, log }, door, signal))
  const role = await startDns(
    { informers, progress, sockets: host.sockets, clock: host.clock, log, ...(gate ? { gate } : {}) },
    {
      zone: zoneOf(domain, { networks: [] }),
      at: {
        netns: host.netns.home,
        port,
        hostname: hostname(),
        upstreams: upstreams.length > 0 ? upstreams : resolvConfUpstreams(readFileSync('/etc/resolv.conf', 'utf8')),
        logClass,
        ...(corefile ? { corefile: corefileAt(informers, corefile) } : {}),
        out: line => void process.stdout.write(`${line}\n`),
      },
    },
    signal,
  )
  await runRole(role, log)
})
