import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { normalize } from './normalize.ts'
import type { Said, Shell } from './script.ts'
import { parseScript, play } from './script.ts'

export const CASES = join(import.meta.dirname, 'cases')
const INPUTS = join(import.meta.dirname, 'inputs')

export const SCENARIOS: readonly string[] = readdirSync(CASES)
  .filter(file => file.endsWith('.txt'))
  .map(file => basename(file, '.txt'))
  .sort()

/** How to reach a server as an administrator; paths of PEM files. */
export interface Access {
  readonly url: string
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** A kubectl of one version against one server. */
export interface Bed {
  /** Makes what scenarios share, once. */
  prepare(): Promise<void>
  /** The transcript of a scenario. */
  play(scenario: string): Promise<string>
}

export function createBed(kubectl: string, access: Access): Bed {
  const home = mkdtempSync(join(tmpdir(), 'fairlead-kubectl-'))
  mkdirSync(join(home, 'bin'))
  symlinkSync(kubectl, join(home, 'bin/kubectl'))
  const shellOf = (scenario: string): Shell => ({ run: command => sh(command, environment(home, scenario, access)) })
  const must = async (shell: Shell, command: string): Promise<void> => {
    const said = await shell.run(command)
    if (said.code !== 0) throw new Error(`${command}: ${said.stderr}`)
  }
  return {
    prepare: () => must(shellOf('default'), './prepare.sh'),
    async play(scenario) {
      const shell = shellOf(scenario)
      await must(shell, `kubectl create namespace ${scenario}`)
      await must(shell, 'until kubectl get serviceaccount/default configmap/kube-root-ca.crt -o name; do :; done')
      return play(parseScript(readFileSync(join(CASES, `${scenario}.txt`), 'utf8')), shell, normalize)
    },
  }
}

function environment(home: string, scenario: string, access: Access): NodeJS.ProcessEnv {
  const file = join(home, `${scenario}.kubeconfig`)
  const context = { cluster: 'upstream', user: 'admin', namespace: scenario }
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'upstream', cluster: { server: access.url, 'certificate-authority': access.authority } }],
      users: [{ name: 'admin', user: { 'client-certificate': access.certificate, 'client-key': access.key } }],
      contexts: [{ name: 'upstream', context }],
      'current-context': 'upstream',
    }),
  )
  return {
    PATH: `${join(home, 'bin')}:${process.env.PATH}`,
    HOME: home,
    TMPDIR: '/tmp',
    KUBECONFIG: file,
    LC_ALL: 'C',
    TZ: 'UTC',
  }
}

const sh = (command: string, env: NodeJS.ProcessEnv): Promise<Said> =>
  new Promise(resolve => {
    execFile(
      'sh',
      ['-c', command],
      { env, cwd: INPUTS, timeout: 180_000, maxBuffer: 64 << 20 },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 127, stdout, stderr }),
    )
  })
