/**
 * Every field of Routes and IngressControllers, and every annotation of a Route, with the tests that show what it does, or that it is
 * said where it does nothing. tools/mutants/fields.test.ts checks that none is missing.
 */
export interface Row {
  /** `spec.tls.key`, or `spec.tls.*` for all below. */
  readonly fields: readonly string[]
  /** File and title, or a part of one, as it stands in the file. */
  readonly tests: readonly (readonly [file: string, title: string])[]
}

const ROUTER = 'src/router/role.kernel.test.ts'
const FEATURES = 'src/router/features.kernel.test.ts'
const FIELDS = 'src/router/fields.kernel.test.ts'
const SETTINGS = 'src/router/settings.kernel.test.ts'
const ROLE = 'src/router/role.test.ts'
const GOLDEN = 'src/router/golden.test.ts'
const READ = 'src/model/routes/read.test.ts'
const CLAIMS = 'src/model/routes/claims.test.ts'
const STATUS = 'src/model/routes/admission.test.ts'
const ENDPOINTS = 'src/model/routes/endpoints.test.ts'
const RULES = 'src/api/route/rules.test.ts'
const ADMISSION = 'src/apiserver/admission/admission.test.ts'
const OPERATOR = 'src/controllers/ingress-operator/controller.test.ts'
const TOLD = 'src/controllers/ingress-operator/fields.test.ts'
const OPERATOR_RULES = 'src/api/operator/ingress-rules.test.ts'

const row = (fields: string, ...tests: Row['tests'][number][]): Row => ({ fields: fields.split(' '), tests })

export const ROUTE: readonly Row[] = [
  row('spec.host', [ROUTER, 'http: by host in any case'], [ADMISSION, 'without a host get one of their own']),
  row('spec.subdomain', [READ, 'a subdomain stands under the router’s domain']),
  row('spec.path', [ROUTER, 'paths: by segment, longest first']),
  row(
    'spec.to.* spec.alternateBackends.*',
    [ROUTER, 'weights of four Services over 20,000 requests'],
    [RULES, 'get their defaults'],
  ),
  row('spec.port.targetPort', [ENDPOINTS, 'by %s'], [ROLE, 'says that a Service is missing']),
  row(
    'spec.tls.termination',
    [ROUTER, 'edge: the default certificate'],
    [FEATURES, 'passthrough: the pod shows its own certificate'],
    [FEATURES, 'reencrypt: verified by'],
  ),
  row('spec.tls.insecureEdgeTerminationPolicy', [
    ROUTER,
    'edge: the default certificate, and the policies for plain HTTP',
  ]),
  row('spec.tls.certificate spec.tls.key', [ROUTER, 'an own certificate by SNI, rotated']),
  row('spec.tls.caCertificate', [READ, 'the key may stand with the certificate; the authority']),
  row('spec.tls.destinationCACertificate', [FEATURES, 'reencrypt: verified by']),
  row('spec.tls.externalCertificate', [FEATURES, 'an external certificate: served when its Secret comes']),
  row('spec.wildcardPolicy', [FEATURES, 'wildcards: one label']),
  row('spec.httpHeaders.*', [FEATURES, 'header actions'], [RULES, 'header action %j']),
  row(
    'status.ingress.*',
    [STATUS, 'admitted, refused, and admitted without a Service'],
    [STATUS, 'keeps the time of what stays'],
    [ROLE, 'status is written after HAProxy has acknowledged'],
  ),
]

const H = 'haproxy.router.openshift.io/'
const R = 'router.openshift.io/'

export const ANNOTATIONS: readonly Row[] = [
  row(
    `${H}balance`,
    [FEATURES, "it.each(['random', 'source', 'roundrobin', 'leastconn'])"],
    [READ, 'balance %j is %s'],
  ),
  row(`${H}disable_cookies`, [FEATURES, 'none where they are turned off']),
  row(`${R}cookie_name ${R}cookie-same-site`, [FIELDS, 'the cookie of a Route: its name, and to which sites']),
  row(
    `${H}ip_allowlist ${H}ip_whitelist`,
    [FEATURES, 'allow lists, with a bad list'],
    [FIELDS, 'the newer name of the annotation'],
  ),
  row(`${H}timeout`, [FEATURES, 'timeout, HSTS, forwarded headers'], [READ, 'timeout %j is %s ms']),
  row(`${H}timeout-tunnel`, [FEATURES, 'a WebSocket goes through, and outlives']),
  row(`${H}rate-limit-connections ${H}rate-limit-connections.rate-http`, [FEATURES, 'limits of requests, by client']),
  row(`${H}rate-limit-connections.concurrent-tcp`, [FEATURES, 'concurrent connections of one client']),
  row(`${H}rate-limit-connections.rate-tcp ${H}pod-concurrent-connections`, [
    FIELDS,
    'limits of connections: new ones of a client',
  ]),
  row(`${R}haproxy.health.check.interval`, [FIELDS, 'pods are checked as often as a Route asks for']),
  row(`${H}hsts_header ${H}rewrite-target ${H}set-forwarded-headers`, [
    FEATURES,
    'timeout, HSTS, forwarded headers, rewriting',
  ]),
  row(`${H}h1-adjust-case`, [FIELDS, 'headers are spelt for old pods where a Route asks']),
  // Of blueprint Routes, which OKD's router does not use either; its value is read.
  row(`${R}pool-size`, [FEATURES, 'a misspelt annotation is told of']),
]

export const INGRESS_CONTROLLER: readonly Row[] = [
  row(
    'spec.domain',
    [OPERATOR, 'a second one with a domain of its own is made'],
    [OPERATOR_RULES, 'is taken, %j is not'],
  ),
  row('spec.httpErrorCodePages.name', [SETTINGS, 'pages of its own'], [TOLD, 'routers are told of every field']),
  row(
    'spec.replicas',
    [OPERATOR, 'one replica where the topology is SingleReplica'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.endpointPublishingStrategy.type status.endpointPublishingStrategy.*',
    [OPERATOR, 'another strategy: the Services of the one before go'],
    [TOLD, '%s: with the PROXY protocol where it is asked for'],
  ),
  row(
    'spec.endpointPublishingStrategy.loadBalancer.scope spec.endpointPublishingStrategy.loadBalancer.providerParameters',
    [TOLD, 'set and not carried out'],
  ),
  row('spec.endpointPublishingStrategy.loadBalancer.allowedSourceRanges', [
    OPERATOR,
    'behind a load balancer: who may use it',
  ]),
  row('spec.endpointPublishingStrategy.loadBalancer.dnsManagementPolicy', [
    OPERATOR,
    'a record that is %s for %s is not published',
  ]),
  row(
    'spec.endpointPublishingStrategy.hostNetwork.*',
    [TOLD, 'routers are told of every field'],
    [SETTINGS, 'the PROXY protocol, with and without TLS'],
  ),
  row('spec.endpointPublishingStrategy.private.* spec.endpointPublishingStrategy.nodePort.*', [
    TOLD,
    '%s: with the PROXY protocol where it is asked for',
  ]),
  row('spec.defaultCertificate', [TOLD, 'routers are told of every field'], [TOLD, 'set and not carried out']),
  row('spec.namespaceSelector spec.routeSelector', [SETTINGS, 'shards: Routes by their labels']),
  row('spec.nodePlacement.nodeSelector', [TOLD, 'what is carried out is not told of']),
  row('spec.nodePlacement.tolerations', [TOLD, 'routers are told of every field']),
  row(
    'spec.tlsSecurityProfile.*',
    [TOLD, 'TLS: the cluster’s profile where there is none of its own'],
    [FIELDS, 'TLS 1.2 by the ciphers, and all versions by the groups'],
    [SETTINGS, 'TLS versions and ciphers'],
  ),
  row(
    'spec.clientTLS.*',
    [SETTINGS, 'certificates of clients: required, told to pods, and only of subjects that match'],
    [FIELDS, 'certificates of clients that their authority has revoked'],
    [TOLD, 'set and not carried out'],
  ),
  row(
    'spec.routeAdmission.namespaceOwnership',
    [CLAIMS, 'Strict: the host belongs'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.routeAdmission.wildcardPolicy',
    [READ, 'wildcards where the router allows them'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.logging.access.destination.type spec.logging.access.destination.container.*',
    [TOLD, 'what is carried out is not told of'],
    ['src/host/haproxy/log-pipe.test.ts', 'lines from before the pipe was there come first'],
    ['test/seed-lines.test.ts', 'an access log that goes to a container is what kubectl logs -c logs prints'],
  ),
  row(
    'spec.logging.access.destination.syslog.* spec.logging.access.httpLogFormat spec.logging.access.logEmptyRequests',
    [FIELDS, 'access logs go by syslog'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.logging.access.httpCaptureHeaders.* spec.logging.access.httpCaptureCookies.*',
    [FIELDS, 'access logs go by syslog'],
    [FIELDS, 'the log tells captured headers and cookies as JSON'],
    [TOLD, 'routers are told of every field'],
  ),
  row('spec.httpHeaders.forwardedHeaderPolicy spec.httpHeaders.uniqueId.* spec.httpHeaders.actions.*', [
    SETTINGS,
    'headers, an identity',
  ]),
  row('spec.httpHeaders.headerNameCaseAdjustments', [FIELDS, 'headers are spelt for old pods']),
  row('spec.httpEmptyRequestsPolicy', [FIELDS, 'a connection without a whole request is answered, or not']),
  row('spec.tuningOptions.headerBufferBytes spec.tuningOptions.headerBufferMaxRewriteBytes', [
    SETTINGS,
    'TLS versions and ciphers, buffers and times',
  ]),
  row(
    `spec.tuningOptions.threadCount spec.tuningOptions.clientTimeout spec.tuningOptions.clientFinTimeout
spec.tuningOptions.serverTimeout spec.tuningOptions.serverFinTimeout spec.tuningOptions.tunnelTimeout
spec.tuningOptions.connectTimeout spec.tuningOptions.httpKeepAliveTimeout spec.tuningOptions.tlsInspectDelay
spec.tuningOptions.healthCheckInterval`.replaceAll('\n', ' '),
    [GOLDEN, 'pods are checked as often as the Route says, else the IngressController'],
    [GOLDEN, 'what the feature %s adds to a program'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.tuningOptions.maxConnections',
    [TOLD, 'what is carried out is not told of'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'spec.tuningOptions.reloadInterval',
    [TOLD, 'a reload interval of %s is %i ms'],
    [SETTINGS, 'reloads keep their distance; what needs none is not held up'],
  ),
  row(
    'spec.unsupportedConfigOverrides',
    [TOLD, 'overrides without support that are carried out'],
    [TOLD, 'set and not carried out'],
    [
      'src/router/layout/planner.test.ts',
      'Routes that do not say how they are balanced have what the IngressController says',
    ],
  ),
  row(
    'spec.haproxyVersion status.effectiveHAProxyVersion',
    [TOLD, 'the version of HAProxy stands in the status where the API has a name for it'],
    [TOLD, 'set and not carried out'],
  ),
  row('spec.tuningOptions.configurationManagement', [TOLD, 'set and not carried out']),
  row('spec.httpCompression.mimeTypes', [SETTINGS, 'headers, an identity, compression']),
  row(
    'spec.idleConnectionTerminationPolicy spec.closedClientConnectionPolicy',
    [GOLDEN, 'what the feature %s adds to a program'],
    [TOLD, 'routers are told of every field'],
  ),
  row(
    'status.availableReplicas status.conditions',
    [OPERATOR, 'its status follows the Deployment'],
    [OPERATOR, 'Degraded only after a while'],
  ),
  row(
    'status.selector status.domain status.observedGeneration status.namespaceSelector status.routeSelector status.tlsProfile.*',
    [TOLD, 'routers are told of every field'],
  ),
]
