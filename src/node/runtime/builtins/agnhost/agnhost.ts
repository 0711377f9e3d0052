import type { Builtin } from '../mod.ts'
import { ended, untilStopped } from '../mod.ts'
import { connect } from './connect.ts'
import { dnsServerList, dnsSuffix, etcHosts } from './files.ts'
import { grpcHealthChecking } from './grpc-health-checking.ts'
import { guestbook } from './guestbook.ts'
import { inClusterClient } from './in-cluster.ts'
import { liveness } from './liveness.ts'
import { logsGenerator } from './logs-generator.ts'
import { mounttest } from './mounttest.ts'
import { netexec } from './netexec.ts'
import { nettest } from './nettest.ts'
import { noSnatTest, noSnatTestProxy } from './no-snat.ts'
import { portForwardTester } from './port-forward-tester.ts'
import { porter } from './porter.ts'
import { serveHostname } from './serve-hostname.ts'
import { auditProxy, entrypointTester, fakeGitServer, tcpReset } from './small.ts'
import { testWebserver } from './test-webserver.ts'
import { crdConversionWebhook, webhook } from './webhook/webhook.ts'

const pause: Builtin = async context => {
  context.out('Paused')
  return untilStopped(context.signal)
}

/** The image's subcommands that we know; each takes what follows its name. */
const VERBS: Readonly<Record<string, Builtin>> = {
  netexec,
  'serve-hostname': serveHostname,
  pause,
  connect,
  porter,
  'test-webserver': testWebserver,
  'dns-suffix': dnsSuffix,
  'dns-server-list': dnsServerList,
  'etc-hosts': etcHosts,
  'entrypoint-tester': entrypointTester,
  'grpc-health-checking': grpcHealthChecking,
  liveness,
  'tcp-reset': tcpReset,
  'audit-proxy': auditProxy,
  'crd-conversion-webhook': crdConversionWebhook,
  'fake-gitserver': fakeGitServer,
  guestbook,
  inclusterclient: inClusterClient,
  'logs-generator': logsGenerator,
  mounttest,
  nettest,
  'no-snat-test': noSnatTest,
  'no-snat-test-proxy': noSnatTestProxy,
  'port-forward-tester': portForwardTester,
  webhook,
}

/** Kubernetes' end-to-end test image. */
export const agnhost: Builtin = context => {
  const [verb = 'pause', ...args] = context.args
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (run) return run({ ...context, args })
  context.err(
    `Error: unknown command ${JSON.stringify(verb)} for "agnhost" (known here: ${Object.keys(VERBS).join(', ')})`,
  )
  return Promise.resolve(ended(1))
}
