/**
 * The scenarios of Kubernetes' sig-network suites (1.36): who of our tests shows the same, and a fault with which each of them fails.
 * C: the 47 conformance ones; N: others worth passing. tools/mutants checks that nothing is missing, and that the faults are found.
 */
export interface Scenario {
  /** C01 ... C47, N01 ... */
  readonly id: string
  readonly name: string
  /** File and title, or a part of one, as it stands in the file. */
  readonly tests: readonly (readonly [file: string, title: string])[]
  /** A key of MUTANTS. */
  readonly mutant: string
}

const KINDS = 'src/apiserver/network-kinds.test.ts'
const KUBERNETES = 'src/controllers/kubernetes-service/controller.test.ts'
const ADMISSION = 'src/apiserver/admission/admission.test.ts'
const LEDGER = 'src/apiserver/admission/service-address/ledger.test.ts'
const CIDRS = 'src/controllers/service-cidr/controller.test.ts'
const PROXY = 'src/apiserver/proxy/proxy.test.ts'
const SPEC = 'src/node/kubelet/spec/spec.test.ts'
const NAMES = 'src/model/names/answer.test.ts'
const DNS = 'src/dns/server.kernel.test.ts'
const SLICES = 'src/controllers/endpointslice/controller.test.ts'
const SLICES_DECIDE = 'src/controllers/endpointslice/decide.test.ts'
const TOPOLOGY = 'src/controllers/endpointslice/topology.test.ts'
const MIRROR = 'src/controllers/endpointslice-mirroring/controller.test.ts'
const ENDPOINTS = 'src/controllers/endpoints/decide.test.ts'
const HOST_PORTS = 'src/node/cni/host-ports.kernel.test.ts'
const LOWER = 'src/datapath/lower.test.ts'
const SCENES = 'src/node/network/scenarios.kernel.test.ts'
const PACKETS = 'src/node/network/role.kernel.test.ts'
const TRAFFIC = 'src/node/network/traffic.kernel.test.ts'
const RESTART = 'src/node/network/restart.kernel.test.ts'
const ROLE = 'src/node/network/role.test.ts'
const RAW = 'src/node/network/raw-packets.kernel.test.ts'
const DIFFERENTIAL = 'src/node/network/differential.kernel.test.ts'
const HANDLE = 'src/dns/handle.test.ts'
const SITES = 'src/dns/sites.kernel.test.ts'
const OPERATOR = 'src/controllers/dns-operator/controller.test.ts'
const EXTERNAL_IPS = 'src/apiserver/admission/service-address/external-ips.test.ts'
const IDLING = 'src/node/network/idling.kernel.test.ts'
const HEALTH = 'src/node/network/health-checks.test.ts'

const row = (id: string, name: string, mutant: string, ...tests: Scenario['tests'][number][]): Scenario => ({
  id,
  name,
  tests,
  mutant,
})

export const SCENARIOS: readonly Scenario[] = [
  row('C01', 'Endpoints and EndpointSlices point to API servers', 'the API stands behind no port', [
    KUBERNETES,
    'leads to the API',
  ]),
  row('C02', 'a secure master service', 'the API has another port', [KUBERNETES, 'leads to the API']),
  row('C03', 'DNS: /etc/hosts entries', 'a pod does not know its own name', [
    SPEC,
    'a pod has its own line for each address, with its domain where it has a subdomain',
  ]),
  row('C04', 'DNS: ExternalName services', 'aliases are not followed', [
    NAMES,
    'an alias is to be followed, and SRV records bring their addresses',
  ]),
  row('C05', 'DNS: pod hostname', 'host names are those of the node', [
    SPEC,
    'a pod has its own line for each address, with its domain where it has a subdomain',
  ]),
  row('C06', 'DNS: pod subdomain', 'any pod of the name is an endpoint of any Service', [
    SLICES_DECIDE,
    'has a host name only under the Service of its subdomain',
  ]),
  row('C07', 'DNS: services, A, SRV, PTR over UDP and TCP', 'ports have no records', [
    DNS,
    'Services, ports, endpoints, pods, aliases and reverse names',
  ]),
  row('C08', 'DNS: the cluster', 'the cluster has no names', [
    DNS,
    'Services, ports, endpoints, pods, aliases and reverse names',
  ]),
  row('C09', 'DNS: partially qualified names', 'pods search nowhere', [SPEC, 'ClusterFirst is the default']),
  row('C10', 'DNS: configurable name servers and search paths', 'dnsPolicy None is the cluster', [
    SPEC,
    'None is dnsConfig alone',
  ]),
  row('C11', 'EndpointSlice: Endpoints and slices for pods that match', 'all pods are ready', [
    SLICES,
    'follows pods as they come, get ready, change labels and go, in both forms',
  ]),
  row('C12', 'EndpointSlice: a selector that matches no pods', 'nothing has no slice', [
    SLICES_DECIDE,
    'of nothing are one, which says so',
  ]),
  row('C13', 'EndpointSlice: several with different addresses and ports', 'only the first slice counts', [
    SCENES,
    'slices of one Service add up: other addresses, other ports, and one address with two ports',
  ]),
  row('C14', 'EndpointSlice: one address with several ports', 'one address is one endpoint', [
    SCENES,
    'slices of one Service add up: other addresses, other ports, and one address with two ports',
  ]),
  row('C15', 'EndpointSlice: API operations', 'nothing is deleted as a collection', [KINDS, 'EndpointSlices']),
  row('C16', 'EndpointSliceMirroring', 'mirrors are of Services with a selector', [
    MIRROR,
    'Endpoints written by hand become slices, follow them, and go with them',
  ]),
  row('C17', 'Endpoints: lifecycle', 'nothing is deleted as a collection', [KINDS, 'Endpoints']),
  row('C18', 'Endpoints: for pods that match', 'all addresses are ready', [
    ENDPOINTS,
    'puts ready and other addresses apart',
  ]),
  row('C19', 'Endpoints: a selector that matches no pods', 'all pods are ready', [
    SLICES,
    'follows pods as they come, get ready, change labels and go, in both forms',
  ]),
  row('C20', 'HostPort: one port, different addresses and protocols', 'a host port is on every address', [
    HOST_PORTS,
    'the same port on other addresses is another',
  ]),
  row('C21', 'Ingress: API operations', 'clients write a status where they may not', [KINDS, 'Ingresses']),
  row('C22', 'IngressClass: API operations', 'nothing is deleted as a collection', [KINDS, 'IngressClasses']),
  row('C23', 'Granular: pod to pod, http', 'pods have the address of their node', [
    PACKETS,
    'pods reach pods of other nodes with their own address',
  ]),
  row('C24', 'Granular: pod to pod, udp', 'UDP goes on to whoever is gone', [
    TRAFFIC,
    'UDP clients leave a backend that is gone, though they never pause',
  ]),
  row('C25', 'Granular: node to pod, http', 'nodes have no address towards pods', [
    PACKETS,
    'a node reaches pods, its own and others, from its management address',
  ]),
  row('C26', 'Granular: node to pod, udp', 'a port is a number alone', [
    SCENES,
    'one port in two protocols is two doors: removing one closes it, and leaves the other',
  ]),
  row('C27', 'Proxy: a valid response for every verb', 'a proxied request loses its method', [
    PROXY,
    'keeps method, body and headers, but for who the client is',
  ]),
  row('C28', 'Proxy: with a path', 'a proxied request loses its path', [PROXY, 'pods/web/proxy/a%2Fb/?x=1&watch=true']),
  row('C29', 'Proxy: through a service and a pod', 'a proxied request loses its path', [
    PROXY,
    'services/shop:http/proxy/x',
  ]),
  row('C30', 'Service endpoints latency', 'all pods are ready', [
    SLICES,
    'follows pods as they come, get ready, change labels and go, in both forms',
  ]),
  row('C31', 'ServiceCIDR: API operations', 'nothing is deleted as a collection', [KINDS, 'ServiceCIDRs']),
  row('C32', 'IPAddress: API operations', 'nothing is deleted as a collection', [KINDS, 'IPAddresses']),
  row('C33', 'Services: ClusterIP to ExternalName', 'types keep what is not theirs', [
    KINDS,
    'change from ExternalName to ClusterIP and NodePort, and back',
  ]),
  row('C34', 'Services: ExternalName to ClusterIP', 'types keep what is not theirs', [
    KINDS,
    'change from ExternalName to ClusterIP and NodePort, and back',
  ]),
  row('C35', 'Services: ExternalName to NodePort', 'types keep what is not theirs', [
    KINDS,
    'change from ExternalName to ClusterIP and NodePort, and back',
  ]),
  row('C36', 'Services: NodePort to ExternalName', 'types keep what is not theirs', [
    KINDS,
    'change from ExternalName to ClusterIP and NodePort, and back',
  ]),
  row('C37', 'Services: a functioning NodePort', 'a node port is on no address', [
    PACKETS,
    'a node port answers clients outside, whichever node the endpoint is on',
  ]),
  row('C38', 'Services: affinity switched, NodePort', 'nobody is remembered', [SCENES, 'a node port']),
  row('C39', 'Services: affinity switched, ClusterIP', 'nobody is remembered', [SCENES, 'a ClusterIP']),
  row('C40', 'Services: status lifecycle', 'a status is not kept apart', [
    KINDS,
    'go through their life with a status that clients patch, write and watch',
  ]),
  row('C41', 'Services: delete a collection', 'nothing is deleted as a collection', [
    KINDS,
    'are deleted as a collection, by label, and listed over all namespaces',
  ]),
  row('C42', 'Services: find one in all namespaces', 'lists of all namespaces are empty', [
    KINDS,
    'are deleted as a collection, by label, and listed over all namespaces',
  ]),
  row('C43', 'Services: affinity, NodePort', 'nobody is remembered', [SCENES, 'a node port']),
  row('C44', 'Services: affinity, ClusterIP', 'nobody is remembered', [
    TRAFFIC,
    'session affinity holds a client with its backend until the backend is gone',
  ]),
  row('C45', 'Services: a basic endpoint from pods', 'pods do not forward', [
    PACKETS,
    'a Service leads to each of its endpoints, and a pod reaches itself through it',
  ]),
  row('C46', 'Services: one port, several protocols', 'a port is a number alone', [
    SCENES,
    'one port in two protocols is two doors: removing one closes it, and leaves the other',
  ]),
  row('C47', 'Services: multiport endpoints', 'ports of other names count', [
    SCENES,
    'ports lead where their names do, and endpoints follow as they come, change port and go',
  ]),

  row('N01', 'Services: hairpin', 'a pod cannot reach itself', [
    PACKETS,
    'a Service leads to each of its endpoints, and a pod reaches itself through it',
  ]),
  row('N02', 'Services: the source address of a pod is kept', 'pods have the address of their node', [
    PACKETS,
    'a Service leads to each of its endpoints, and a pod reaches itself through it',
  ]),
  row('N03', 'Services: up and down; recreated', 'a refusal is silence', [
    SCENES,
    'ports lead where their names do, and endpoints follow as they come, change port and go',
  ]),
  row('N04', 'Services: survive a restart of kube-proxy', 'a finished agent takes its rules along', [
    RESTART,
    'connections live on while the agent is away and after the next one has taken over',
  ]),
  row('N05', 'Services: an external address that is not of a node', 'external addresses are nobody’s', [
    SCENES,
    'an external address answers pods, whoever it belongs to outside',
  ]),
  row('N06', 'Services: collisions of node ports', 'taken ports are given twice', [
    KINDS,
    'collide at a node port, may not have one out of the range, and give it back',
  ]),
  row('N07', 'Services: node ports out of range', 'any port is a node port', [
    KINDS,
    'collide at a node port, may not have one out of the range, and give it back',
  ]),
  row('N08', 'Services: endpoints that are not ready', 'publishNotReadyAddresses publishes nothing', [
    SLICES_DECIDE,
    'not ready, published',
  ]),
  row('N09', 'Services: affinity ends after its timeout', 'who is remembered is never forgotten', [
    SCENES,
    'ends when nobody came for as long as it says',
  ]),
  row('N10', 'Services: the label service-proxy-name', 'labels say nothing', [
    SCENES,
    'what another proxy serves, or has the label of headless Services, is left alone as long as it has it',
  ]),
  row('N11', 'Services: the label headless', 'labels say nothing', [
    SCENES,
    'what another proxy serves, or has the label of headless Services, is left alone as long as it has it',
  ]),
  row('N12', 'Services: refused without endpoints', 'a refusal is silence', [
    PACKETS,
    'a Service without endpoints refuses at once, and one that has them again answers',
  ]),
  row('N13', 'Services: refused for evicted pods', 'pods that are over stay', [SLICES_DECIDE, 'over']),
  row('N14', 'Services: internalTrafficPolicy Local', 'policy Local is none inside', [
    TRAFFIC,
    'under internalTrafficPolicy Local only endpoints of the own node are used',
  ]),
  row('N15', 'Services: externalTrafficPolicy Local', 'policy Local is none outside', [
    TRAFFIC,
    'under externalTrafficPolicy Local the client is seen as it is, and only nodes with an endpoint answer',
  ]),
  row('N16', 'LoadBalancers: the client is seen under Local', 'clients outside are always hidden', [
    SCENES,
    'a client outside is seen as it is under the policy Local, and as the node under Cluster',
  ]),
  row('N17', 'Services: health check node ports', 'nodes without endpoints are healthy', [
    HEALTH,
    'a node says how many endpoints of the Service it has, and 503 when none',
  ]),
  row(
    'N55',
    'Services: health check node ports when the policy changes, and with endpoints that end',
    'health checks stay',
    [SCENES, 'a health check port says outside how many endpoints a node has, as long as the policy is Local'],
  ),
  row('N18', 'Services: fallback to endpoints that end', 'endpoints that end are never used', [
    SCENES,
    'serve while no other is ready, under the policy %s',
  ]),
  row('N19', 'Services: ready endpoints before those that end', 'endpoints that are not ready are used', [
    SCENES,
    'serve while no other is ready, under the policy %s',
  ]),
  row('N20', 'Services: ports of restartable init containers', 'sidecars have no ports', [
    SLICES_DECIDE,
    'of sidecars count too',
  ]),
  row('N21', 'Services: named targetPorts that differ by endpoint', 'named ports have the number of the Service', [
    SLICES_DECIDE,
    'by name are each pod’s own, and pods with others stand in another slice',
  ]),
  row(
    'N22',
    'Services: SCTP',
    'SCTP is not carried',
    [LOWER, 'each protocol has its own map of endpoints, SCTP too'],
    [RAW, 'an association begins with an endpoint of the Service, which answers from its address'],
  ),
  row('N23', 'Networking: large requests, udp', 'a port is a number alone', [
    SCENES,
    'one port in two protocols is two doors: removing one closes it, and leaves the other',
  ]),
  row('N24', 'Networking: endpoints on the host network', 'pods do not forward', [
    PACKETS,
    'endpoints on the host network answer pods, nodes and clients outside',
  ]),
  row('N25', 'Networking: update endpoints', 'ports of other names count', [
    SCENES,
    'ports lead where their names do, and endpoints follow as they come, change port and go',
  ]),
  row('N26', 'Conntrack: UDP, ClusterIP and NodePort, another backend', 'UDP goes on to whoever is gone', [
    ROLE,
    'the kernel forgets UDP connections that lead elsewhere now, and only those',
  ]),
  row('N27', 'Conntrack: UDP, the last endpoint goes', 'a Service without endpoints keeps its flows', [
    ROLE,
    'the kernel forgets UDP connections that lead elsewhere now, and only those',
  ]),
  row('N28', 'Conntrack: UDP, the target port changes', 'a backend is its address alone', [
    ROLE,
    'a change of port, and nothing else, makes UDP connections to the same backend stale',
  ]),
  row('N29', 'Conntrack: first packets of TCP to who is gone', 'first packets are waited for', [
    TRAFFIC,
    'a client whose first packet went to a backend that is gone reaches another with the next',
  ]),
  row('N30', 'Conntrack: what became stale while the proxy was away', 'what was missed stays', [
    RESTART,
    'a UDP client that never pauses leaves a backend that went while no agent looked',
  ]),
  row('N31', 'Networking: rules are put back that something else took away', 'drift stays', [
    ROLE,
    'puts back what something else took away, without being told',
  ]),
  row('N32', 'NoSNAT: pods are seen as they are', 'pods have the address of their node', [
    PACKETS,
    'pods reach pods of other nodes with their own address',
  ]),
  row('N33', 'Traffic Distribution: zones and nodes', 'no hints are given', [
    TOPOLOGY,
    'gives ready endpoints their zone, and with PreferSameNode their node too',
  ]),
  row('N34', 'Traffic Distribution: packets stay near', 'hints are not followed', [
    SCENES,
    'hints keep connections near where all endpoints have them, and nowhere else',
  ]),
  row('N35', 'Topology Hints', 'zones get what they like', [TOPOLOGY, 'need enough endpoints, zones and processors']),
  row('N36', 'IPv6DualStack: addresses of both families', 'two families are one', [
    ADMISSION,
    'come in two families where the cluster has two',
  ]),
  row('N37', 'LoadBalancers: source ranges', 'ranges let everybody in', [
    TRAFFIC,
    'loadBalancerSourceRanges: only who is in them reaches the load balancer address, and node ports stay open',
  ]),
  row('N38', 'ServiceCIDR: networks that users add', 'networks that users add are not used', [
    LEDGER,
    'takes addresses of networks that were added, each with a band for the asking, and of none that went',
  ]),
  row('N39', 'Services: what was freed is not given again at once', 'freed addresses come back at once', [
    LEDGER,
    'what was given back is given out last, also by the ledger of a server that was started again',
  ]),
  row('N40', 'HostPort: UDP', 'a host port is only that of TCP', [
    HOST_PORTS,
    'a UDP client that spoke to nobody is heard once the pod is there',
  ]),
  row('N41', 'DNS: endpoints with host names', 'endpoints have no host names', [
    SLICES_DECIDE,
    'has a host name only under the Service of its subdomain',
  ]),
  row('N42', 'ServiceCIDR: one that is in use stays', 'a ServiceCIDR goes at once', [
    CIDRS,
    'a ServiceCIDR stays until nobody has an address of it that no other has, and says so',
  ]),
  row(
    'N43',
    'Services: externalTrafficPolicy Local that comes later',
    'who is outside is led as who is inside',
    [SCENES, 'does not lead clients outside past the policy Local when that comes later'],
    [ROLE, 'UDP connections from outside leave backends of other nodes when the policy Local comes'],
  ),
  row('N44', 'IPv6DualStack: Services by packets', 'hairpins have another address in IPv6', [
    DIFFERENTIAL,
    'packets end where the model says, with the source that it says, for random Services, endpoints and policies: IPv%s',
  ]),
  row('N45', 'IPv6DualStack: a family that is given up', 'a second family stays', [
    ADMISSION,
    'come in two families where the cluster has two',
  ]),
  row('N46', 'Conntrack: packets of no connection', 'packets of no connection are passed on', [
    RAW,
    'a packet of a Service’s connection that does not belong to it never shows who stands behind the Service',
  ]),
  row('N47', 'DNS: A and AAAA of a dual-stack Service, and of its endpoints', 'only IPv4 is asked for', [
    NAMES,
    '%s %s: %s',
  ]),
  row('N48', 'DNS: more than six search paths', 'searches are cut at six', [
    SPEC,
    'keeps to the resolver’s limits, and tells what it left out',
  ]),
  row('N49', 'DNS of OKD: the server of the own node', 'no server says its name', [
    DNS,
    'several places answer, each with its name and its log, until each is closed',
  ]),
  row('N50', 'DNS operator: forwarding', 'servers have no zones', [
    OPERATOR,
    'has servers, upstreams, TLS, cache times and logging as they are asked for, and our server reads it',
  ]),
  row('N51', 'DNS operator: forwarding over TLS', 'any certificate is believed', [
    SITES,
    'over TLS only the server that the certificate names is believed',
  ]),
  row('N52', 'DNS operator: logging', 'denials are not logged', [HANDLE, 'which replies are logged']),
  row('N53', 'DNS operator: node placement', 'DNS is on every node', [
    OPERATOR,
    'makes what is missing, follows changes, and says how it is',
  ]),
  row('N54', 'Services: external addresses are for those who may', 'external addresses are anybody’s', [
    EXTERNAL_IPS,
    'tenants have those that the cluster allows, and whoever has the right has any',
  ]),
  row('N57', 'Idling on OKD: a packet wakes the Service', 'who sleeps is not woken', [
    IDLING,
    '%s: a new connection to an idled Service is dropped and told of',
  ]),
  row('N58', 'Idling on OKD: 30 s for the pods to come', 'who was woken must be there at once', [
    'src/model/services/fronts.test.ts',
    'an idled Service is asked for while there is nobody',
  ]),
]
