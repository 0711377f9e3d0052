import { agnhost } from './agnhost/agnhost.ts'
import { serveHostname } from './agnhost/serve-hostname.ts'
import { echoBasic } from './echo-basic.ts'
import { httpbin } from './httpbin.ts'
import type { Builtin } from './mod.ts'
import { helloOpenshift, httpd, httpEcho, nginx, nginxUnprivileged, pause } from './web.ts'

/** By the names that the table of images uses. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  Object.entries({
    agnhost,
    'serve-hostname': serveHostname,
    'echo-basic': echoBasic,
    'hello-openshift': helloOpenshift,
    'http-echo': httpEcho,
    httpbin,
    httpd,
    nginx,
    'nginx-unprivileged': nginxUnprivileged,
    pause,
  }),
)
