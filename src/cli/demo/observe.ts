import { text } from 'node:stream/consumers'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import type { Client } from '../../client/mod.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Ip } from '../../lib/ip.ts'
import type { TwinControl } from '../../twin/mod.ts'
import type { Observer, PodPlace } from './journey.ts'
import { parseRouterLine } from './router-line.ts'
import { parseTap, readTap, tapOff, tapOn } from './tap.ts'

const ROUTER = {
  namespace: 'openshift-ingress',
  labelSelector: 'ingresscontroller.operator.openshift.io/deployment-ingresscontroller=default',
}
const LOG_LIMIT_MS = 2000
const LOG_POLL_MS = 25

export interface Output {
  readonly code: number
  readonly text: string
}

/** Runs a command somewhere in the twin and gathers what it printed. */
export async function runIn(
  control: TwinControl,
  target: string,
  command: readonly string[],
  input = '',
): Promise<Output> {
  const remote = await control.exec(target, command, { tty: false })
  remote.stdin?.end(input)
  const read = [remote.stdout, remote.stderr].map(stream => (stream ? text(stream) : ''))
  const [code, ...printed] = await Promise.all([remote.exit, ...read])
  return { code, text: printed.join('') }
}

/** Taps every node while f runs. */
export async function tapped<T>(client: Client, control: TwinControl, f: () => Promise<T>): Promise<T> {
  const nodes = (await client.list(Node)).items.map(node => node.metadata.name)
  const all = (text: string): Promise<unknown> =>
    Promise.all(nodes.map(node => runIn(control, node, ['nft', '-f', '-'], text)))
  await all(tapOff)
  await all(tapOn)
  try {
    return await f()
  } finally {
    await all(tapOff)
  }
}

/** Looks where requests leave traces: the logs of routers and pods by the API, flows by the taps. */
export function observer(client: Client, control: TwinControl, clock: Clock): Observer {
  const log = async (namespace: string, name: string, container = ''): Promise<readonly string[]> => {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?tailLines=1000&container=${container}`
    return String((await client.request('GET', path)) ?? '').split('\n')
  }
  const routers = async (): Promise<readonly Pod[]> => (await client.list(Pod, ROUTER)).items
  const soon = async <T>(attempt: () => Promise<T | undefined>): Promise<T | undefined> => {
    const endMs = clock.monotonic() + LOG_LIMIT_MS
    for (;;) {
      const found = await attempt()
      if (found !== undefined || clock.monotonic() > endMs) return found
      await clock.sleep(LOG_POLL_MS)
    }
  }
  return {
    routerLine: id =>
      soon(async () => {
        for (const pod of await routers()) {
          // `logs` stands behind `router`, where it is asked for.
          const container = pod.spec.containers.at(-1)!.name
          const line = (await log(ROUTER.namespace, pod.metadata.name, container)).find(each => each.includes(id))
          if (line) return parseRouterLine(line)
        }
        return undefined
      }),
    routerNode: async () => (await routers())[0]?.spec.nodeName ?? '',
    podAt: async address => (await podsOf(client)).find(pod => pod.address === address),
    podLine: (pods, id) =>
      soon(async () => {
        const logs = await Promise.all(pods.map(pod => log('production', pod.name)))
        const lines = logs.map(all => all.find(line => line.includes(id)))
        const found = lines.findIndex(line => line !== undefined)
        return found < 0 ? undefined : { pod: pods[found]!, line: lines[found]! }
      }),
    flows: async (node, side) => parseTap((await runIn(control, node, readTap(side))).text),
  }
}

export async function podsOf(client: Client, labelSelector?: string): Promise<readonly PodPlace[]> {
  const pods = await client.list(Pod, { namespace: 'production', ...(labelSelector ? { labelSelector } : {}) })
  return pods.items.flatMap(pod => {
    const { podIP } = pod.status ?? {}
    return podIP ? [{ name: pod.metadata.name, node: pod.spec.nodeName ?? '', address: podIP as Ip }] : []
  })
}
