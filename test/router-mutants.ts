import type { Mutant } from './sig-network/mutants.ts'
import type { Scenario } from './sig-network/scenarios.ts'

const ROLE = 'src/router/role.test.ts'
const INGRESS = 'src/router/ingress.kernel.test.ts'
const NGINX = 'src/router/ingress-nginx.kernel.test.ts'
const HOSTILE = 'src/router/hostile.kernel.test.ts'
const rules = 'src/router/render/rules.ts'

type Fault = Mutant & { readonly tests: Scenario['tests'] }

/** What keeps tenants and clients of a router apart from each other, each with the fault that its tests must find. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'a list without an entry allows everybody': {
    file: 'src/router/layout/options.ts',
    from: 'route.allow ? 1 : 0',
    to: 'route.allow?.length ? 1 : 0',
    tests: [['src/router/features.kernel.test.ts', 'allow lists, with a bad list closed']],
  },
  'requests of another connection are served': {
    file: 'src/router/render/program.ts',
    from: '...(listeners.http2Always ? misdirected() : []),',
    to: '',
    tests: [
      ['src/router/http2.kernel.test.ts', 'a request for a host that the connection was not made for is misdirected'],
    ],
  },
  'CONNECT makes a tunnel': {
    file: rules,
    from: "'method', 'CONNECT'",
    to: "'method', 'CONNECTED'",
    tests: [[HOSTILE, 'headers that concern one connection do not travel on it']],
  },
  'control bytes reach the pod': {
    file: rules,
    from: "'-m', 'reg', CONTROLS, '}'],",
    to: "'-m', 'str', CONTROLS, '}'],",
    tests: [[HOSTILE, 'a NUL in a header']],
  },
  'a slash in Host is part of the path': {
    file: rules,
    from: "'-m', 'sub', '/', ',', '}'],",
    to: "'-m', 'sub', '//', ',', '}'],",
    tests: [['src/router/role.kernel.test.ts', 'http: by host in any case, with port or trailing dot']],
  },
  'clients pose as authenticated': {
    file: rules,
    from: "['http-request', 'del-header', 'X-SSL', '-m', 'beg'],",
    to: '',
    tests: [['src/router/role.kernel.test.ts', 'headers: what the client may not say is gone']],
  },
  'an expired certificate is shown': {
    file: 'src/model/routes/certificate.ts',
    from: 'untilMs < nowMs',
    to: 'untilMs < 0',
    tests: [['src/model/routes/read.test.ts', 'a certificate that has expired is not shown']],
  },
  'the certificate of a wildcard goes before a host’s own': {
    file: 'src/router/layout/owners.ts',
    from: 'byHost.get(one)!.keyType !== own',
    to: 'byHost.get(one)!.keyType === undefined',
    tests: [['src/router/certificates.kernel.test.ts', 'the certificate of a host goes before that of a wildcard']],
  },
  'a certificate for pods that HAProxy refuses holds up everybody': {
    file: 'src/router/layout/types.ts',
    from: '(certs|clients|ca)',
    to: '(certs|ca)',
    tests: [[NGINX, 'TLS of the pods: verified by an authority and a name']],
  },
  'Ingresses of every class know canaries': {
    file: 'src/router/layout/ingresses.ts',
    from: "if (dialect === 'nginx') canaries.join(one)",
    to: 'canaries.join(one)',
    tests: [['src/router/layout/ingresses.test.ts', 'only Ingresses of ingress-nginx know canaries']],
  },
  'old weights go while a request is on its way to them': {
    file: 'src/router/serving/retired.ts',
    from: 'untilMs <= nowMs',
    to: 'untilMs > 0',
    tests: [['src/router/serving/retired.test.ts', 'a request that has read the old weights finds its turn']],
  },
  'a canary takes nothing': {
    file: 'src/model/ingress/nginx-canary.ts',
    from: '.find(({ service }) => service !== primary.service)',
    to: '.find(() => false)',
    tests: [[NGINX, 'a canary by weight has its exact share; by header and cookie who asks; its end gives all back']],
  },
  'nobody is told that an idled Service is asked for': {
    file: 'src/router/waiting-room.ts',
    from: 'if (!release(service, room)) deps.need(service)',
    to: 'release(service, room)',
    tests: [['src/router/idling.kernel.test.ts', 'a request for an idled Service says that pods are needed']],
  },
  'the router itself is a pod': {
    file: 'src/model/routes/endpoints.ts',
    from: 'if (address === undefined || isForbidden(address)) continue',
    to: 'if (address === undefined) continue',
    tests: [[HOSTILE, 'pods that are no pods are not asked']],
  },
  'a default certificate is shown in the place of a Route’s own': {
    file: 'src/router/render/program.ts',
    from: ' !*\\n`',
    to: '\\n`',
    tests: [['src/router/certificates.kernel.test.ts', 'goes before the names of a default one']],
  },
  'a key of another certificate is taken': {
    file: 'src/model/routes/certificate.ts',
    from: 'if (!leaf!.checkPrivateKey(key))',
    to: 'if (leaf === undefined)',
    tests: [[HOSTILE, 'the key of another']],
  },
  'one refused class freezes all Routes': {
    file: 'src/router/role.ts',
    from: ', ...refused.classes.map(planner.refuseClass)',
    to: '',
    tests: [[ROLE, 'a class of backends that HAProxy refuses is taken from its Routes alone']],
  },
  'routers contradict each other for ever': {
    file: 'src/router/contest.ts',
    from: 'MAX_TIMES = 5',
    to: 'MAX_TIMES = 500',
    tests: [[ROLE, 'another router that contradicts for ever is answered a few times only']],
  },
  'who loses a race for a status is silenced': {
    file: 'src/router/status.ts',
    from: 'if (waitMs > 0) return waitMs\n',
    to: 'if (waitMs > 0) return waitMs\n    contest.said(...said)\n',
    tests: [['src/router/status.test.ts', 'a Route is told of though others were first']],
  },
  'reloads come as they are wanted, whatever was asked for': {
    file: 'src/router/layout/parts.ts',
    from: 'if (part && !mayReload && needsReload(part, old))',
    to: 'if (part && mayReload === undefined)',
    tests: [['src/router/layout/planner.test.ts', 'a host that needs one stays as it is']],
  },
  'a reload that waits holds up everything': {
    file: 'src/router/layout/parts.ts',
    from: 'if (part && !mayReload && needsReload(part, old))',
    to: 'if (part && !mayReload)',
    tests: [['src/router/layout/planner.test.ts', 'a host that needs one stays as it is']],
  },
  'what was said in another shard stays': {
    file: 'src/router/role.ts',
    from: 'routes.withdraw(state.left)',
    to: 'routes.withdraw([])',
    tests: [[ROLE, 'a Route that goes to another shard loses what was said of it']],
  },
  'any password opens metrics': {
    file: 'src/router/metrics-access.ts',
    from: 'wanted.length === given.length && timingSafeEqual(wanted, given)',
    to: 'wanted.length === given.length',
    tests: [[ROLE, 'metrics are for those who have the password']],
  },
  'Routes use up the connections of others': {
    file: 'src/router/layout/backends.ts',
    from: 'wishes.maxConnections === undefined ? undefined : route',
    to: 'undefined',
    tests: [['src/router/layout/planner.test.ts', 'Routes that want the same of a Service share a backend']],
  },
  'pods that have gone are still asked': {
    file: 'src/router/layout/planner.ts',
    from: 'backends.touch(service)',
    to: 'void service',
    tests: [[ROLE, 'follows new Routes, endpoints, weights and deletions without a reload']],
  },
  'a path of a tenant may be any text': {
    file: 'src/model/routes/host.ts',
    from: '/[^\\x21-\\x7e]|[#?]/.exec(path)',
    to: '/[#?]/.exec(path)',
    tests: [['src/router/isolation.test.ts', 'no string of a tenant changes a byte']],
  },
  'text of tenants stands inline on the socket': {
    file: 'src/router/render/changes.ts',
    from: 'if (!isPlain) return true',
    to: '',
    tests: [['src/router/render/changes.test.ts', 'text that is syntax inline never stands inline']],
  },
  'an Ingress takes the host of another namespace’s Route': {
    file: 'src/model/routes/claims.ts',
    from: '(route.ingress ? other?.routeOwner : other?.owner)',
    to: '(route.ingress ? undefined : other?.owner)',
    tests: [[INGRESS, 'a host of a Route is not shared with Ingresses of other namespaces']],
  },
  'rules without a host take what others claim': {
    file: rules,
    from: "set('r', find('str(*)'), missing('txn.r'), missing('txn.cl')),",
    to: "set('r', find('str(*)'), missing('txn.r')),",
    tests: [[INGRESS, 'rules without a host are for hosts that nobody claims']],
  },
  'an annotation that says who may come in is passed over': {
    file: 'src/model/ingress/nginx.ts',
    from: 'closed ||= isGuard',
    to: 'closed ||= false',
    tests: [['src/model/ingress/nginx.test.ts', 'what is unknown is told; snippets are refused']],
  },
  'expressions of tenants cost what they like': {
    file: 'src/model/ingress/pattern.ts',
    from: 'return unbounded <= MAX_UNBOUNDED',
    to: 'return true',
    tests: [['src/model/ingress/nginx.test.ts', 'an expression that could take for ever, or is none']],
  },
  'the header Proxy reaches pods': {
    file: rules,
    from: "['http-request', 'del-header', 'Proxy'],",
    to: '',
    tests: [['src/router/role.kernel.test.ts', 'headers: what the client may not say is gone']],
  },
  'everybody may say whose connection it is': {
    file: 'src/router/render/program.ts',
    from: "'src', ...proxyFrom,",
    to: "'src', '0.0.0.0/0',",
    tests: [['src/router/settings.kernel.test.ts', 'a PROXY header from balancers alone']],
  },
  'what clients say of forwarding is believed': {
    file: 'src/router/render/forwarded.ts',
    from: "replace: ['http-request', 'set-header', 'X-Forwarded-For', '%[src]'],",
    to: "replace: ['option', 'forwardfor', 'if-none'],",
    tests: [['src/router/features.kernel.test.ts', 'timeout, HSTS, forwarded headers, rewriting']],
  },
  'metadata services are pods by 6to4': {
    file: 'src/model/routes/endpoints.ts',
    from: '  ...FORBIDDEN_4.map(by6to4),',
    to: '',
    tests: [['src/model/routes/endpoints.test.ts', 'a router does not call %s']],
  },
  'clients need no certificate': {
    file: 'src/router/render/client-tls.ts',
    from: "'verify', clientTls.verify]",
    to: "'verify', 'optional']",
    tests: [['src/router/settings.kernel.test.ts', 'certificates of clients: required']],
  },
  'requests may take for ever to come': {
    file: 'src/router/render/global.ts',
    from: 'timeout http-request 10s',
    to: 'timeout http-request 1h',
    tests: [[HOSTILE, 'requests that trickle in are cut off']],
  },
  'connections are without limit': {
    file: 'src/router/render/global.ts',
    from: 'Math.min(maxConnections, ',
    to: 'Math.min(1e6, ',
    tests: [['src/router/settings.kernel.test.ts', 'clients and tunnels that fall silent are ended']],
  },
  'a Secret that is gone leaves its Route open': {
    file: 'src/model/routes/read.ts',
    from: 'if (!secret) return refuse(',
    to: 'if (!secret) return { externalSecret } ?? refuse(',
    tests: [['src/router/certificates.kernel.test.ts', 'a Secret that goes takes its Route with it']],
  },
  'the youngest claim wins': {
    file: 'src/model/routes/claims.ts',
    from: 'compare(a.created, b.created)',
    to: 'compare(b.created, a.created)',
    tests: [['src/model/routes/claims.test.ts', 'the oldest of a path wins']],
  },
  'a Route that is made anew is one that was': {
    file: 'src/router/status.ts',
    from: 'route.metadata.uid}`',
    to: "''}`",
    tests: [[HOSTILE, 'a Route that is made anew again and again']],
  },
  'tenants give Routes any host': {
    file: 'src/apiserver/admission/route/custom-host.ts',
    from: "hasOwn(spec.tls)) || may('create')",
    to: 'hasOwn(spec.tls)) || may',
    tests: [['src/apiserver/admission/route/custom-host.test.ts', 'without the right a Route has the host']],
  },
  'a right to one Secret is one to the others by name': {
    file: 'src/apiserver/handle.ts',
    from: 'metadata\\.name==?(',
    to: 'metadata\\.name!?==?(',
    tests: [['src/apiserver/auth/rbac/rbac.test.ts', 'a right to one object by name is one to list and watch it']],
  },
}

export const ROUTER_MUTANTS: Readonly<Record<string, Mutant>> = FAULTS
export const ROUTER_SCENARIOS: readonly Scenario[] = Object.entries(FAULTS).map(([mutant, { tests }], index) => ({
  id: `R${String(index + 1).padStart(2, '0')}`,
  name: mutant,
  tests,
  mutant,
}))
