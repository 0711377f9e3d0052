import { KINDS, VIRTUAL_KINDS } from '../../api/registry.ts'
import { openshiftRoles } from '../../apiserver/auth/rbac/openshift-roles.ts'
import { LOOPBACK } from '../../apiserver/auth/user.ts'
import { createApiServer } from '../../apiserver/mod.ts'
import { createClient } from '../../client/client.ts'
import { createInformers } from '../../client/informers.ts'
import { createProgress } from '../../client/progress.ts'
import { loopbackTransport } from '../../client/transport.ts'
import type { ControllersOptions } from '../../controllers/mod.ts'
import { startControllers } from '../../controllers/mod.ts'
import { systemDial } from '../../host/dial/real.ts'
import { haproxyVersion } from '../../host/haproxy/real.ts'
import { systemHttps } from '../../host/https/real.ts'
import type { Clock } from '../../lib/clock.ts'
import { ip } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { begin } from '../../main.ts'
import { connectRuntime } from '../../node/runtime/wire/client.ts'
import type { Kind } from '../../schema/kind.ts'
import { openLmdbStore } from '../../store/lmdb/lmdb.ts'
import { createMissing } from '../../twin/bootstrap/create.ts'
import { dnsOperands } from '../../twin/bootstrap/dns.ts'
import { bootstrapObjects } from '../../twin/bootstrap/mod.ts'
import { twinRoles } from '../../twin/bootstrap/roles.ts'
import { clusterNetworksOf, serviceNetworksOf } from '../../twin/config.ts'
import type { Credentials } from '../../twin/credentials.ts'
import { readCredentials } from '../../twin/credentials.ts'
import { fromArgs } from '../../twin/flags.ts'
import { publisher } from '../../twin/outside/publish.ts'
import { certify, issue, type KeyPair } from '../../twin/pki.ts'
import type { WorldPlan } from '../../twin/plan.ts'
import { balancerAddresses, planWorld } from '../../twin/plan.ts'
import type { ApiOptions } from '../../twin/roles.ts'
import { API_FLAGS } from '../../twin/roles.ts'
import { readConfig, twinFolderAt } from '../../twin/state.ts'
import { processMetrics, serveAdmin } from '../admin.ts'
import { canaryProbe } from '../canary-probe.ts'
import { fatal } from '../fatal.ts'
import { untilWorldStands } from '../go.ts'
import type { RealHost } from '../host.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { runRole, stopSignal } from '../signals.ts'
import { VERSION } from '../version.ts'

/** Nodes are heard every few seconds: a twin notices a lost one sooner than a real cluster would. */
const NODE_GRACE_MS = 20_000

/** By then a twin is up, and the store's thread takes nothing from its start. */
const STARTED_MS = 3000

/** The embedded API of a twin, with every controller. */
export const start = begin(async args => {
  const options = fromArgs('api', API_FLAGS, args)
  const log = createLog('api')
  const signal = stopSignal()
  const host = await realHost()
  untilWorldStands()
  const folder = twinFolderAt(options.folder)
  const config = readConfig(host.fs, folder)
  if (!config) throw new Error(`${options.folder} holds no configuration`)
  const plan = planWorld(config)
  const credentials = readCredentials(host.fs, folder)
  const later = (start: () => void): void => void host.clock.after(STARTED_MS, start)
  const broken = (error: Error): void => {
    // The supervisor starts it again, on what was made durable.
    fatal(error)
    process.exit(1)
  }
  const store = openLmdbStore(host.locks, { path: folder.store, threads: host.threads, later, broken })
  const server = createServer(host, log, { plan, options, store, tokenKey: credentials.tokenKey })
  const progress = createProgress()
  const client = createClient(loopbackTransport(server.loopback(LOOPBACK)), { userAgent: 'controllers' })
  await server.ready
  await createMissing(client, bootstrapObjects(plan, credentials))
  await listen(server, credentials, options)
  const informers = createInformers({ client, clock: host.clock, log, progress }, signal)
  const role = await startControllers(
    { informers, client, clock: host.clock, log, progress },
    {
      ...controllersOptions(plan, credentials, options, host),
      accountTokens: { rootCa: credentials.ca, issue: server.tokenForSecret },
    },
    signal,
  )
  serveAdmin(options.admin, role.progress, signal)
  const done = role.done.finally(async () => {
    server.close()
    await store.close()
  })
  await runRole({ ...role, done }, log)
})

/** Plain Kubernetes has none of the kinds of OpenShift. */
const servedOf = ({ config }: WorldPlan, kinds: readonly Kind[]): readonly Kind[] =>
  config.profile === 'okd' ? kinds : kinds.filter(({ group }) => !group.endsWith('.openshift.io'))

type Server = ReturnType<typeof createApiServer>
type Store = ReturnType<typeof openLmdbStore>

function createServer(
  { clock, sockets }: RealHost,
  log: Logger,
  { plan, options, store, tokenKey }: { plan: WorldPlan; options: ApiOptions; store: Store; tokenKey: string },
): Server {
  const runtime = connectRuntime({ connectUnix: sockets.connectUnix }, options.runtimeSocket)
  return createApiServer(
    { store, clock, log, runtime, https: systemHttps, dial: systemDial },
    {
      kinds: servedOf(plan, KINDS),
      virtualKinds: servedOf(plan, VIRTUAL_KINDS),
      roles: plan.config.profile === 'okd' ? [openshiftRoles, twinRoles(plan)] : [twinRoles(plan)],
      tokens: { key: tokenKey },
      metrics: async () => (await processMetrics()).metrics(),
      serviceNetworks: serviceNetworksOf(plan.config),
      routeDomain: plan.config.appsDomain,
      securityConstraints: plan.config.profile === 'okd',
      accounts: { serviceCa: plan.config.profile === 'okd' },
    },
  )
}

/** On every socket that came with the process: they outlive it, so that connections wait for the next one. */
async function listen(server: Server, credentials: Credentials, { listen: descriptors }: ApiOptions): Promise<void> {
  const tls = { cert: credentials.api.certificate, key: credentials.api.key, clientCa: credentials.ca }
  await Promise.all(
    descriptors.map(
      fd =>
        new Promise<void>((resolve, reject) => {
          const listener = server.listener(tls).server
          listener.once('error', reject)
          listener.listen({ fd: Number(fd) }, resolve)
        }),
    ),
  )
}

const controllersOptions = (
  plan: WorldPlan,
  credentials: Credentials,
  options: ApiOptions,
  host: RealHost,
): ControllersOptions => ({
  kinds: servedOf(plan, KINDS),
  clusterNetwork: clusterNetworksOf(plan.config),
  kubernetesService: { serviceAddresses: [plan.apiServiceIp], addresses: [ip(options.address)], port: options.port },
  namespaceContent: {
    rootCa: credentials.ca,
    ...(plan.config.profile === 'okd' ? { serviceCa: credentials.ca } : {}),
  },
  certificates: { sign: order => certify({ certificate: credentials.ca, key: credentials.caKey }, order) },
  nodeGraceMs: NODE_GRACE_MS,
  loadBalancerPools: plan.balancerPools,
  ...(plan.config.sliceSizes ? { sliceSizes: plan.config.sliceSizes } : {}),
  serviceNetworks: {
    networks: serviceNetworksOf(plan.config),
    taken: [
      ...clusterNetworksOf(plan.config).map(({ cidr }) => cidr),
      ...[plan.config, plan.config.ipv6].flatMap(networks => networks?.machineNetwork ?? []),
    ],
  },
  ...(plan.config.profile === 'okd' ? { dnsOperator: dnsOperands(plan) } : {}),
  ...(plan.config.profile === 'okd'
    ? {
        serviceCa: serviceCa(credentials, host.clock),
        ingressOperator: {
          image: 'fairlead/router',
          aliases: Object.fromEntries(plan.doors.map(({ domain, alias }) => [domain, alias])),
          certify: domain => certifyDomain(plan, credentials, domain, host.clock.now()),
          accessLog: true,
          proxyFrom: balancerAddresses(plan),
          version: VERSION,
          haproxyVersion: haproxyVersion(),
        },
        ingressCanary: { image: 'fairlead/canary', probe: canaryProbe(plan.vip, credentials.ingress.authority) },
        dnsRecord: { publish: publisher(host, { netns: host.netns.home, address: plan.upstreamDns }) },
      }
    : {}),
})

/** As the front door's own: browsers that trust its authority trust every domain. */
function certifyDomain({ doors }: WorldPlan, { ingress }: Credentials, domain: string, nowMs: number): KeyPair {
  const alias = doors.find(door => door.domain === domain)?.alias
  const names = [domain, ...(alias === undefined ? [] : [alias])].map(each => `*.${each}`)
  const made = issue(
    { certificate: ingress.authority, key: ingress.authorityKey },
    { commonName: `*.${domain}`, names },
    nowMs,
  )
  return { certificate: made.certificate + ingress.authority, key: made.key }
}

/** A twin has one authority for everything inside. */
const serviceCa = ({ ca, caKey }: Credentials, clock: Clock): NonNullable<ControllersOptions['serviceCa']> => ({
  authority: ca,
  issue: names => issue({ certificate: ca, key: caKey }, { commonName: names[0]!, names }, clock.now()),
})
