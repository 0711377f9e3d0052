import { readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { kernelWorlds } from '../host/world/real.ts'
import type { Cidr } from '../lib/cidr.ts'
import { parseCidr } from '../lib/cidr.ts'
import type { LaunchDeps } from '../twin/launch.ts'
import type { Twins } from '../twin/mod.ts'
import { realHost } from './host.ts'

/** Twins of this machine, as the command line handles them. Nothing is loaded before a verb needs it. */
export function hostTwins(dataHome: string): Twins {
  const host = (): Promise<LaunchDeps> => launchDeps(dataHome)
  return {
    launch: async (request, progress, signal) =>
      (await import('../twin/launch.ts')).launch(await host(), request, progress, signal),
    stop: async (name, options) =>
      (await import('../twin/launch.ts')).stop(await host(), name, options?.forget ?? false),
    list: async () => (await import('../twin/launch.ts')).listTwins(await host()),
    kubeconfigPath: name => join(dataHome, 'fairlead', name, 'kubeconfig'),
    control: async name => {
      const [{ notRunning, runningState }, { twinFolder }, { connectControl }] = await Promise.all([
        import('../twin/launch.ts'),
        import('../twin/state.ts'),
        import('../twin/control/client.ts'),
      ])
      const deps = await host()
      const folder = twinFolder(dataHome, name)
      if (!runningState(deps, folder)) throw notRunning(name)
      return connectControl(deps.sockets, folder.controlSocket)
    },
  }
}

/**
 * Of every process of a twin. Node reads its own 140 root certificates before the first TLS connection (17 ms), though connections here
 * name whom they trust; with this flag it reads the file that SSL_CERT_FILE names, and none when there is none.
 */
const NODE_FLAGS = ['--use-openssl-ca'] as const

async function launchDeps(dataHome: string): Promise<LaunchDeps> {
  const { fs, locks, sockets, netns } = await realHost()
  return {
    fs,
    locks,
    sockets,
    worlds: kernelWorlds(),
    home: netns.home,
    uid: process.getuid?.() ?? 0,
    env: Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    dataHome,
    freeBytes,
    hostNetworks,
    supervisor: (_, folder) => [...NODE_FLAGS, join(__dirname, 'boot.cjs'), 'supervise', folder.root],
    setting: path => readText(`/proc/sys/${path}`)?.trim(),
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function freeBytes(path: string): number {
  const { bavail, bsize, blocks } = statfsSync(path)
  // Some file systems have no end.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
}

/** The machine's own IPv4 routes but the default. Source: proc(5), /proc/net/route: hexadecimal in host byte order. */
function hostNetworks(): readonly Cidr[] {
  const lines = (readText('/proc/net/route') ?? '').trim().split('\n').slice(1)
  return lines.flatMap(line => {
    const [, destination = '', , , , , , mask = ''] = line.split('\t')
    const bits = [...Buffer.from(mask, 'hex')].reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0,
    )
    const network = parseCidr(`${[...Buffer.from(destination, 'hex')].reverse().join('.')}/${bits}`)
    return network && bits > 0 ? [network] : []
  })
}
