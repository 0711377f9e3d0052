import { hostname } from 'node:os'
import { Node } from '../../api/core/node.ts'
import { createEventRecorder, OFTEN } from '../../client/events.ts'
import type { Client } from '../../client/mod.ts'
import { ApiError } from '../../client/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import { parseCidr } from '../../lib/cidr.ts'
import { messageOf, UserError } from '../../lib/errors.ts'
import { begin } from '../../main.ts'
import { nodeFacts } from '../../model/nodes/facts.ts'
import { startNetwork } from '../../node/network/role.ts'
import type { Flags, OptionsOf } from '../../twin/flags.ts'
import { fromArgs, helpOf } from '../../twin/flags.ts'
import { connect } from '../connect.ts'
import { joinValues } from '../flags.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { runRole, stopSignal } from '../signals.ts'
import { KUBECONFIG_HELP, wasHelped } from '../usage.ts'

const FLAGS = {
  kubeconfig: { type: 'text', help: KUBECONFIG_HELP, optional: true },
  hostnameOverride: { type: 'text', help: 'the name of this Node (default: the host name)', optional: true },
  clusterCidr: {
    type: 'list',
    help: "pods' networks, separated by commas (default: those of the Node)",
    optional: true,
  },
} as const satisfies Flags
const COMMAND = {
  command: 'node --proxy-only',
  does: "Services of any cluster in this machine's kernel, in place of kube-proxy; nothing else is touched.",
  flags: helpOf(FLAGS),
}

/** The service proxy alone, in place of kube-proxy, on a node of any cluster: Services in the kernel, nothing else is touched. */
export const start = begin(async args => {
  if (wasHelped(args, COMMAND)) return
  const options = fromArgs('node --proxy-only', FLAGS, joinValues(args.filter(arg => arg !== '--proxy-only')))
  const kubeconfig = options.kubeconfig ?? process.env.KUBECONFIG
  if (!kubeconfig)
    throw new UserError('Usage', 'node --proxy-only: which cluster?', {
      hint: 'say --kubeconfig FILE, or set KUBECONFIG',
    })
  const log = createLog('proxy')
  const signal = stopSignal()
  const { netns, links, nft, conntrack, packetLog, sockets, clock } = await realHost()
  const { client, informers, progress } = await connect(kubeconfig, log, signal)
  const name = options.hostnameOverride ?? hostname().toLowerCase()
  const clusterNetworks = (await podNetworks(client, name, options)).map(cidr => ({ cidr, hostPrefix: cidr.bits }))
  const told = { component: 'service-proxy', host: name }
  const role = await startNetwork(
    {
      informers,
      progress,
      nft,
      link: links,
      conntrack,
      sockets,
      events: createEventRecorder({ client, clock, log }, told),
      idling: { packetLog, events: createEventRecorder({ client, clock, log }, { ...told, ...OFTEN }) },
      clock,
      log,
    },
    {
      node: name,
      netns: netns.home,
      clusterNetworks,
      serviceNetworks: [],
      transport: 'none',
      mtu: 0,
    },
    signal,
  )
  log.info({ node: name, clusterCidr: clusterNetworks.map(({ cidr }) => cidr) }, 'serving Services')
  await runRole(role, log)
})

/** Which addresses are pods': who comes from elsewhere is outside. */
async function podNetworks(client: Client, name: string, options: OptionsOf<typeof FLAGS>): Promise<readonly Cidr[]> {
  const node = await client.find(Node, { name }).catch(refused)
  if (!node)
    throw new UserError('NoNode', `the cluster has no Node ${name}`, { hint: 'name this one with --hostname-override' })
  const given = options.clusterCidr?.map(text => {
    const network = parseCidr(text)
    if (!network) throw new UserError('Usage', `--cluster-cidr=${text} is not a network`)
    return network
  })
  const networks = given ?? nodeFacts(node).podNetworks
  if (networks.length > 0) return networks
  throw new UserError('Usage', `the Node ${name} has no spec.podCIDRs`, { hint: 'say --cluster-cidr=10.244.0.0/16' })
}

function refused(error: unknown): never {
  if (error instanceof ApiError)
    throw new UserError('ApiRefuses', `the API does not let this user read Nodes: ${error.message}`, {
      hint: 'the user of the kubeconfig needs the ClusterRole system:node-proxier',
    })
  throw new UserError('ApiUnreachable', `the API cannot be reached: ${messageOf(error)}`, {
    hint: 'look at the server of the kubeconfig',
  })
}
