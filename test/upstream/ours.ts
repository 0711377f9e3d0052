import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { KINDS, VIRTUAL_KINDS } from '../../src/api/registry.ts'
import { LOOPBACK } from '../../src/apiserver/auth/user.ts'
import { testAuthority } from '../../src/apiserver/http/testing-tls.ts'
import type { StreamRuntime } from '../../src/apiserver/stream/runtime.ts'
import { testApi } from '../../src/apiserver/testing.ts'
import { createClient } from '../../src/client/client.ts'
import { createInformers } from '../../src/client/informers.ts'
import { createProgress } from '../../src/client/progress.ts'
import { loopbackTransport } from '../../src/client/transport.ts'
import { startControllers } from '../../src/controllers/mod.ts'
import { systemClock } from '../../src/host/clock/real.ts'
import { cidr } from '../../src/lib/cidr.ts'
import { ip } from '../../src/lib/ip.ts'
import { silent } from '../../src/lib/log.ts'
import { certify } from '../../src/twin/pki.ts'
import type { Access } from './kubectl/bed.ts'

export interface OurServer {
  readonly access: Access
  close(): Promise<void>
}

const NETWORK = cidr('10.96.0.0/12')
const isKubernetes = ({ group }: { readonly group: string }): boolean => !group.endsWith('.openshift.io')

/** No pod of these tests runs. */
const refuse = (): never => {
  throw new Error('nothing runs here')
}
const NO_RUNTIME: StreamRuntime = { logs: refuse, exec: refuse, attach: refuse, portForward: refuse }

/** The API with all controllers as a plain Kubernetes has them, in memory, without nodes, on loopback. */
export async function startOurs(): Promise<OurServer> {
  const authority = testAuthority('ours')
  const file = (name: string): string => join(authority.folder, name)
  authority.issue('admin', '/O=system:masters/CN=admin')
  const kinds = KINDS.filter(isKubernetes)
  const api = await testApi(systemClock, {
    kinds,
    virtualKinds: VIRTUAL_KINDS.filter(isKubernetes),
    roles: [],
    serviceNetworks: [NETWORK],
    accounts: { serviceCa: false },
    runtime: NO_RUNTIME,
    namespaces: ['kube-public', 'kube-node-lease'],
  })
  const { server } = api.server.listener({ ...authority.issue('server', '/CN=server'), clientCa: authority.ca })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const stop = new AbortController()
  const progress = createProgress()
  const client = createClient(loopbackTransport(api.server.loopback(LOOPBACK)), {
    userAgent: 'kube-controller-manager',
  })
  const deps = { client, clock: systemClock, log: silent, progress }
  const informers = createInformers(deps, stop.signal)
  const caKey = readFileSync(file('ca.key'), 'utf8')
  const role = await startControllers(
    { ...deps, informers },
    {
      kinds,
      clusterNetwork: [{ cidr: cidr('10.244.0.0/16'), hostPrefix: 24 }],
      kubernetesService: { serviceAddresses: [ip('10.96.0.1')], addresses: [ip('192.0.2.1')], port: 6443 },
      namespaceContent: { rootCa: authority.ca },
      nodeGraceMs: 86_400_000,
      serviceNetworks: { networks: [NETWORK] },
      certificates: { sign: order => certify({ certificate: authority.ca, key: caKey }, order) },
    },
    stop.signal,
  )
  return {
    access: {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      authority: file('ca.crt'),
      certificate: file('admin.crt'),
      key: file('admin.key'),
    },
    async close() {
      stop.abort(new Error('the test has ended'))
      await role.done
      await api.close()
    },
  }
}
