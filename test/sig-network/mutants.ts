// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of sources
/** Faults that somebody might make. With each of them every test that a scenario names for it must fail (tools/mutants). */
export interface Mutant {
  readonly file: string
  /** Stands once in the file. */
  readonly from: string
  readonly to: string
}

const fronts = 'src/model/services/fronts.ts'
const choose = 'src/model/services/choose.ts'
const endpoints = 'src/model/services/endpoints.ts'
const answer = 'src/model/names/answer.ts'
const lower = 'src/datapath/lower.ts'
const skeleton = 'src/datapath/skeleton.ts'
const shape = 'src/datapath/shape.ts'
const flows = 'src/node/network/flows.ts'
const podEndpoints = 'src/controllers/endpointslice/endpoints.ts'
const ledger = 'src/apiserver/admission/service-address/ledger.ts'

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'the API stands behind no port': {
    file: 'src/controllers/kubernetes-service/decide.ts',
    from: "ports: [{ name: 'https', port: options.port, protocol: 'TCP' }],\n})",
    to: 'ports: [],\n})',
  },
  'the API has another port': {
    file: 'src/controllers/kubernetes-service/decide.ts',
    from: 'port: 443',
    to: 'port: 444',
  },
  'aliases are not followed': { file: answer, from: 'chase: `${target}.`', to: "chase: '.'" },
  'endpoints have no host names': {
    file: podEndpoints,
    from: 'hostname && subdomain === service.metadata.name',
    to: 'hostname && subdomain === undefined',
  },
  'any pod of the name is an endpoint of any Service': {
    file: podEndpoints,
    from: 'hostname && subdomain === service.metadata.name',
    to: 'hostname',
  },
  'ports have no records': { file: answer, from: 'name.toLowerCase() === wanted.name &&', to: 'false &&' },
  'the cluster has no names': {
    file: answer,
    from: "if (kind !== 'svc' && kind !== 'pod') return nxdomain(zone)",
    to: "if (kind !== 'pod') return nxdomain(zone)",
  },
  'nothing has no slice': {
    file: 'src/controllers/endpointslice/decide.ts',
    from: "if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })",
    to: '',
  },
  'only the first slice counts': {
    file: endpoints,
    from: 'for (const slice of slices) {',
    to: 'for (const slice of slices.slice(0, 1)) {',
  },
  'one address is one endpoint': {
    file: endpoints,
    from: 'const key = `${address} ${port}`',
    to: 'const key = `${address}`',
  },
  'mirrors are of Services with a selector': {
    file: 'src/controllers/endpointslice-mirroring/decide.ts',
    from: 'Object.keys(service.spec.selector ?? {}).length === 0',
    to: 'Object.keys(service.spec.selector ?? {}).length > 0',
  },
  'all addresses are ready': {
    file: 'src/controllers/endpoints/decide.ts',
    from: 'endpoint.conditions?.ready === true',
    to: 'true',
  },
  'types keep what is not theirs': {
    file: 'src/apiserver/admission/service-address/carry.ts',
    from: 'if (!needsAddress(spec) && needsAddress(before)) {',
    to: 'if (false) {',
  },
  'a node port is on no address': {
    file: fronts,
    from: '...(nodePort ? vantage.nodePortAddresses.filter(isSameFamily) : [])',
    to: '...(nodePort ? [] : [])',
  },
  'nobody is remembered': { file: lower, from: 'isSticky: front.affinitySeconds !== undefined', to: 'isSticky: false' },
  'who is remembered is never forgotten': { file: shape, from: 'timeout ${seconds}s', to: 'timeout 9${seconds}s' },
  'ports of other names count': { file: endpoints, from: "(name ?? '') !== port.name ||", to: '' },
  'endpoints that are not ready are used': {
    file: choose,
    from: 'const ready = endpoints.filter(endpoint => endpoint.ready)',
    to: 'const ready = endpoints',
  },
  'endpoints that end are never used': { file: choose, from: 'endpoint.serving && endpoint.terminating', to: 'false' },
  'a refusal is silence': {
    file: lower,
    from: 'reject: nft`goto refusal`',
    to: 'reject: nft`drop`',
  },
  'who sleeps is not woken': { file: lower, from: 'wake: nft`goto wake`', to: 'wake: nft`goto refusal`' },
  'who was woken must be there at once': {
    file: 'src/model/services/idling.ts',
    from: 'GRACE_MS = 30_000',
    to: 'GRACE_MS = 0',
  },
  'a pod cannot reach itself': {
    file: skeleton,
    from: 'ct mark set ct mark or ${CONNECTION_MARK.hairpin.mask}`',
    to: 'drop`',
  },
  'policy Local is none inside': { file: fronts, from: "service.spec.internalTrafficPolicy === 'Local'", to: 'false' },
  'policy Local is none outside': {
    file: fronts,
    from: "return view.service.spec.externalTrafficPolicy === 'Local'",
    to: 'return false',
  },
  'clients outside are always hidden': {
    file: fronts,
    from: "{ is: 'forward', source: 'client', backends: choice.local.map(backendOf) }",
    to: "{ is: 'forward', source: 'node', backends: choice.local.map(backendOf) }",
  },
  'labels say nothing': {
    file: fronts,
    from: '|| labels?.[PROXY_NAME] !== undefined || labels?.[HEADLESS] !== undefined',
    to: '',
  },
  'external addresses are nobody’s': { file: fronts, from: '...(spec.externalIPs ?? [])', to: '...([] as string[])' },
  'ranges let everybody in': {
    file: lower,
    from: 'front.sourceRanges && widest(front.sourceRanges, family)',
    to: 'undefined',
  },
  'a Service without endpoints keeps its flows': {
    file: flows,
    from: 'if (backendsOf(next).length === 0) return before.length > 0 ? [flow] : []',
    to: 'if (backendsOf(next).length === 0) return []',
  },
  'first packets are waited for': {
    file: 'src/node/network/forget.ts',
    from: 'if (filter.isUnanswered) waiting.push(filter)',
    to: 'if (filter.isUnanswered) filters.length',
  },
  'what was missed stays': {
    file: 'src/node/network/forget.ts',
    from: 'conntrack.drop(',
    to: 'Promise.resolve(0).then(Number) ?? conntrack.drop(',
  },
  'taken ports are given twice': {
    file: ledger,
    from: "return portPool.take(port - ports.first, owner) ? undefined : 'provided port is already allocated'",
    to: 'return portPool.take(port - ports.first, owner) ? undefined : undefined',
  },
  'any port is a node port': {
    file: ledger,
    from: 'if (port < ports.first || port > ports.last)',
    to: 'if (port > 65535)',
  },
  'networks that users add are not used': {
    file: ledger,
    from: 'pools = [...wanted]',
    to: 'if (wanted.size === 0) pools = [...wanted]',
  },
  'a ServiceCIDR goes at once': {
    file: 'src/controllers/service-cidr/decide.ts',
    from: 'return own.some(isIn) && !kept.some(isIn)',
    to: 'return false',
  },
  'sidecars have no ports': { file: podEndpoints, from: "container.restartPolicy === 'Always'", to: 'false' },
  'pods that are over stay': { file: podEndpoints, from: '!isPodTerminal(pod) && ', to: '' },
  'publishNotReadyAddresses publishes nothing': {
    file: podEndpoints,
    from: 'Boolean(service.spec.publishNotReadyAddresses) || (',
    to: '(',
  },
  'nodes without endpoints are healthy': {
    file: 'src/node/network/health-checks.ts',
    from: 'count > 0 && serviceProxyHealthy',
    to: 'serviceProxyHealthy',
  },
  'no hints are given': {
    file: podEndpoints,
    from: 'const wanted = service.spec.trafficDistribution\n  if (!wanted',
    to: 'const wanted = service.spec.trafficDistribution\n  if (wanted',
  },
  'two families are one': {
    file: 'src/apiserver/admission/service-address/families.ts',
    from: ': [...families, ...others]',
    to: ': families',
  },
  'SCTP is not carried': { file: lower, from: "SCTP: 'sctp' }", to: "SCTP: 'tcp' }" },
  'pods search nowhere': {
    file: 'src/node/kubelet/spec/dns.ts',
    from: '`${pod.metadata.namespace}.svc.${clusterDomain}`, ',
    to: '',
  },
  'dnsPolicy None is the cluster': {
    file: 'src/node/kubelet/spec/dns.ts',
    from: "if (policy === 'None')",
    to: "if (policy === 'Nothing' as never)",
  },
  'a pod does not know its own name': {
    file: 'src/node/kubelet/spec/hosts.ts',
    from: '`${ip}\\t${short}.${domain}\\t${short}\\n`',
    to: '`${ip}\\t${domain}\\n`',
  },
  'a host port is only that of TCP': {
    file: 'src/node/cni/host-ports.ts',
    from: 'if (!hostPort) return []',
    to: "if (!hostPort || protocol !== 'TCP') return []",
  },
  'a host port is on every address': {
    file: 'src/node/cni/host-ports.ts',
    from: '...(isAny ? {} : { hostIp: given })',
    to: '...{}',
  },
  'a status is not kept apart': {
    file: 'src/apiserver/write/status.ts',
    from: "if (info.subresource === 'status') return statusOnly(current, asked, resource.custom)",
    to: "if (info.subresource === 'status') return asked",
  },
  'nothing is deleted as a collection': {
    file: 'src/apiserver/verbs/deletecollection.ts',
    from: 'await removeObject({ ...context, info }, name, options)',
    to: '',
  },
  'lists of all namespaces are empty': {
    file: 'src/apiserver/resource/resource.ts',
    from: 'resource.namespaced && namespace !== undefined ? `${resource.prefix}${namespace}/` : resource.prefix',
    to: 'resource.namespaced ? `${resource.prefix}${namespace}/` : resource.prefix',
  },
  'a proxied request loses its method': {
    file: 'src/apiserver/proxy/proxy.ts',
    from: '...{ method: request.method, path',
    to: "...{ method: 'GET', path",
  },
  'a proxied request loses its path': {
    file: 'src/apiserver/proxy/proxy.ts',
    from: "path: (path ?? '/') + query",
    to: "path: '/' + query",
  },
  'nodes have no address towards pods': {
    file: 'src/datapath/options.ts',
    from: 'nth(podNetwork, 2)',
    to: 'nth(podNetwork, 5)',
  },
  'hints are not followed': {
    file: choose,
    from: 'cluster: ready.length > 0 ? near(ready, vantage) : ending',
    to: 'cluster: ready.length > 0 ? ready : ending',
  },
  'zones get what they like': {
    file: 'src/controllers/endpointslice/topology.ts',
    from: "if (ready.length < shares.size) return 'Insufficient number of endpoints'",
    to: '',
  },
  'health checks stay': {
    file: 'src/model/services/health-check.ts',
    from: " || spec.externalTrafficPolicy !== 'Local' || !port",
    to: ' || !port',
  },
  'packets of no connection are passed on': {
    file: skeleton,
    from: 'ct state invalid counter name invalid-drop drop`',
    to: 'ct state invalid counter name invalid-drop`',
  },
  'hairpins have another address in IPv6': {
    file: 'src/datapath/options.ts',
    from: "6: ip('fd69::5')",
    to: "6: ip('fd69::6')",
  },
  'only IPv4 is asked for': { file: answer, from: 'data => data.type === type)', to: "data => data.type === 'A')" },
  'searches are cut at six': {
    file: 'src/node/kubelet/spec/dns.ts',
    from: 'const MAX_SEARCHES = 32',
    to: 'const MAX_SEARCHES = 6',
  },
  'no server says its name': { file: 'src/dns/handle.ts', from: 'texts: [hostname]', to: "texts: ['dns']" },
  'denials are not logged': {
    file: 'src/dns/querylog.ts',
    from: "return isError || (logClass === 'denial' && isDenial)",
    to: 'return isError',
  },
  'servers have no zones': {
    file: 'src/controllers/dns-operator/corefile.ts',
    from: '`${zone}:${port}`',
    to: '`.:${port}`',
  },
  'DNS is on every node': {
    file: 'src/controllers/dns-operator/controller.ts',
    from: 'const nodeSelector = nodePlacement?.nodeSelector ?? first?.nodeSelector ?? {}',
    to: 'const nodeSelector = first?.nodeSelector ?? {}',
  },
  'any certificate is believed': {
    file: 'src/dns/forward/connections.ts',
    from: 'checkServerIdentity: () => undefined } : { servername: serverName }',
    to: 'checkServerIdentity: () => undefined } : { servername: serverName, checkServerIdentity: () => undefined }',
  },
  'external addresses are anybody’s': {
    file: 'src/apiserver/admission/service-address/external-ips.ts',
    from: 'if (problems.length === 0 || mayGiveAny()) return',
    to: 'return',
  },
  'a second family stays': {
    file: 'src/apiserver/admission/service-address/families.ts',
    from: 'spec.clusterIPs = spec.clusterIPs.slice(0, 1)',
    to: 'spec.clusterIPs = spec.clusterIPs.slice(0, 2)',
  },
  'pods do not forward': {
    file: skeleton,
    from: 'nft`iifname ${quoted(POD_LINKS)} goto service`',
    to: 'nft`iifname ${quoted(POD_LINKS)} return`',
  },
  'pods have the address of their node': {
    file: skeleton,
    from: '...(isLearned(family) ? TRANSPORTS.map(learn) : []),\n      nft`oifname',
    to: 'nft`${ip} saddr ${inside} masquerade`,\n      nft`oifname',
  },
  'drift stays': {
    file: 'src/node/network/rules.ts',
    from: "return isRight ? 'adopted' : makeRight()",
    to: "return isRight ? 'adopted' : 'adopted'",
  },
  'a finished agent takes its rules along': {
    file: 'src/node/network/role.ts',
    from: '    stopServing()\n    stopLooking()',
    to: "    nft.run('delete table inet fairlead')\n    stopServing()\n    stopLooking()",
  },
  'freed addresses come back at once': {
    file: 'src/apiserver/admission/service-address/pool.ts',
    from: 'if (index !== undefined) dynamicCursor = index + 1 < size ? index + 1 : staticBand',
    to: 'if (index !== undefined) dynamicCursor = staticBand',
  },
  'a port is a number alone': { file: lower, from: '. ${name(TRANSPORT[protocol])} .', to: '. tcp .' },
  'named ports have the number of the Service': {
    file: podEndpoints,
    from: 'return declared.containerPort',
    to: 'return port',
  },
  'host names are those of the node': {
    file: 'src/node/kubelet/spec/hosts.ts',
    from: '(pod.spec.hostname || pod.metadata.name)',
    to: 'pod.metadata.name',
  },
  'all pods are ready': {
    file: podEndpoints,
    from: 'const serving = isPodReady(pod)',
    to: 'const serving = isPodReady(pod) || true',
  },
  'clients write a status where they may not': {
    file: 'src/apiserver/write/status.ts',
    from: 'if (info.subresource !== undefined || !resource.subresources.status) return asked',
    to: "if (info.subresource !== 'none') return asked",
  },
  'UDP goes on to whoever is gone': {
    file: flows,
    from: 'return lostBackends(old, next).flatMap(backend => {',
    to: 'return lostBackends(old, old).flatMap(backend => {',
  },
  'a backend is its address alone': {
    file: flows,
    from: '!kept.has(backend)',
    to: "![...kept].some(one => one.split(' ')[0] === backend.split(' ')[0])",
  },
  'who is outside is led as who is inside': {
    file: flows,
    from: '(lowered?.outside === undefined ? lowered?.endpoints : lowered.outsideEndpoints)',
    to: 'lowered?.endpoints',
  },
}
