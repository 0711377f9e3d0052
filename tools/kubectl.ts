import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The kubectl to test with: FAIRLEAD_KUBECTL, else 1.32 where a Google Cloud SDK brought it, else the one on PATH. */
export const KUBECTL =
  process.env.FAIRLEAD_KUBECTL ??
  ['/usr/lib/google-cloud-sdk/bin/kubectl.1.32'].find(path => existsSync(path)) ??
  'kubectl'

const OLDEST_MINOR = 27

/** Why tests cannot drive it; undefined when they can. Debian 12's own is 1.20, which speaks other words. */
export function kubectlProblem(): string | undefined {
  const { status, stdout } = spawnSync(KUBECTL, ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
  if (status !== 0) return 'there is no kubectl'
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { minor: string; gitVersion: string } }
  if (Number.parseInt(clientVersion.minor, 10) >= OLDEST_MINOR) return undefined
  return `kubectl ${clientVersion.gitVersion} is older than 1.${OLDEST_MINOR}`
}
