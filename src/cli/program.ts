import { Command } from 'commander'
import { demo } from './demo/demo.ts'
import type { CliDeps } from './deps.ts'
import { doctor } from './doctor/doctor.ts'
import { down } from './down.ts'
import { exec } from './exec.ts'
import { kubeconfig } from './kubeconfig.ts'
import { logs } from './logs.ts'
import { node } from './node.ts'
import { policy } from './policy.ts'
import { snapshot } from './snapshot.ts'
import { status } from './status.ts'
import { trace } from './trace/trace.ts'
import { up } from './up.ts'
import { wait } from './wait.ts'

/** Processes of their own (main/start), which read their own arguments. */
const ANY_CLUSTER = `
On any cluster (each says more with --help):
  router --kubeconfig FILE              Routes and Ingresses on HAProxy
  dns --kubeconfig FILE                 the cluster's DNS server
  node --proxy-only --kubeconfig FILE   Services in this machine's kernel`

/** Every verb a user types, one file each. `done` receives the exit code. */
export function program(deps: CliDeps, done: (code: number) => void): Command {
  const root = new Command('fairlead')
    .description('The cluster network of OKD: a real multi-node twin on one machine, and roles for any Kubernetes API.')
    .version(deps.version)
    .exitOverride()
    .addHelpText('after', ANY_CLUSTER)
  const verb = (signature: string, description: string): Command => root.command(signature).description(description)
  const named = (signature: string, description: string): Command =>
    verb(signature, description).option('--name <name>', 'which twin', 'default')

  named('up', 'make a twin, or start one that was made before')
    .option('--nodes <n>', 'how many nodes (default: 3)')
    .option('--max-pods <n>', 'how many pods a node takes (default: 250)')
    .option('--profile <profile>', 'okd (default) or kubernetes')
    .option('--config <file>', 'the networking part of an OpenShift install-config')
    .option('--dual-stack', 'with IPv6 beside IPv4')
    .option('--rootless', 'in a user namespace, also as root')
    .option('--ephemeral', 'forget everything at down')
    .option('--publish <ports>', 'host ports, as in api=7443,http=8000,https=8443')
    .action(async options => done(await up(deps, options)))
  named('down', 'end a twin; its objects stay for the next up')
    .option('--forget', 'remove its state too')
    .action(async options => done(await down(deps, options)))
  named('status', 'what runs where')
    .option('--json', 'as JSON')
    .option('--all', 'list every twin')
    .action(async options => done(await status(deps, options)))
  named('wait', 'return when everything written so far is in force')
    .option('--timeout <duration>', 'give up after this long', '60s')
    .action(async options => done(await wait(deps, options)))
  named(
    'snapshot <action> <file>',
    'save: keep all objects in a file; restore: put those of a file in their place',
  ).action(async (action, file, options) => done(await snapshot(deps, action, file, options)))
  named('kubeconfig', "print the path of the twin's kubeconfig").action(async options =>
    done(await kubeconfig(deps, options)),
  )
  named('logs <role>', 'what a role has written: api, runtime, supervisor, node-1 ...')
    .option('-f, --follow', 'go on as it writes')
    .option('--tail <lines>', 'the last lines only')
    .action(async (role, options) => done(await logs(deps, role, options)))
  named(
    'exec <target> [command...]',
    'run a command in a node, a pod (namespace/name) or an outside host (client, lb-1, lb-2, dns, internet)',
  ).action(async (target, command, options) => done(await exec(deps, target, command, options)))
  named('node <action> [node]', 'add, stop, start or cut off a node, or a load balancer (lb-1, lb-2)').action(
    async (action, name, options) => done(await node(deps, action, name, options)),
  )
  named(
    'trace <pod> <target>',
    'which policy decides about a connection of a pod (namespace/pod) to a pod, service/namespace/name, route/namespace/name, a name or an address',
  )
    .option('--port <port>', "the destination's port, or the Service's (default: 8080, or all of the Service)")
    .option('--probe', 'also send a packet, and compare')
    .option('--protocol <protocol>', 'TCP, UDP, SCTP or ICMP', 'TCP')
    .action(async (pod, target, options) => done(await trace(deps, pod, target, options)))
  named('policy <action>', 'status: which policies are in force on which node, and how long that took')
    .option('--json', 'as JSON')
    .action(async (action, options) => done(await policy(deps, action, options)))
  named('demo', 'apply examples/shop and follow requests through it, hop by hop').action(async options =>
    done(await demo(deps, options)),
  )
  verb('doctor', 'what this machine has and lacks, each with its remedy').action(async () =>
    done(await doctor(deps.probe, deps.out)),
  )
  verb('setup', 'install what is missing and build').action(() => done(0))
  return root
}
