import { acmesolver } from './acmesolver.ts'
import { agnhost } from './agnhost/agnhost.ts'
import { serveHostname } from './agnhost/serve-hostname.ts'
import { echoBasic } from './echo-basic.ts'
import { egressDnsProxy, egressHttpProxy, egressRouter } from './egress-router.ts'
import { httpbin } from './httpbin.ts'
import type { Builtin } from './mod.ts'
import { helloOpenshift, httpd, httpEcho, nginx, nginxUnprivileged, pause } from './web.ts'

/** By the names that the table of images uses. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    acmesolver,
    agnhost,
    'serve-hostname': serveHostname,
    'echo-basic': echoBasic,
    'egress-router': egressRouter,
    'egress-http-proxy': egressHttpProxy,
    'egress-dns-proxy': egressDnsProxy,
    'hello-openshift': helloOpenshift,
    'http-echo': httpEcho,
    httpbin,
    httpd,
    nginx,
    'nginx-unprivileged': nginxUnprivileged,
    pause,
  }),
)
