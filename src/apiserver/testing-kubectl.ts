import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { KUBECTL } from '../../tools/kubectl.ts'
import { testAuthority } from './http/testing-tls.ts'
import type { TestApi } from './testing.ts'

export interface KubectlRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The real kubectl as an administrator of an API, over TLS. */
export interface Kubectl {
  readonly program: string
  /** What it is run with; its HOME is a folder of its own. */
  readonly env: NodeJS.ProcessEnv & { readonly HOME: string }
  /** By words that spaces part. */
  run(line: string, input?: string): Promise<KubectlRun>
  /** Standard output of a command that must succeed. */
  must(line: string, input?: string): Promise<string>
}

/** Its commands are about `namespace` where they name none. */
export async function kubectlFor(api: TestApi, namespace = 'default'): Promise<Kubectl> {
  const authority = testAuthority()
  authority.issue('admin', '/O=system:masters/CN=admin')
  const { server } = api.server.listener({ ...authority.issue('server', '/CN=server'), clientCa: authority.ca })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const HOME = mkdtempSync(join(authority.folder, 'home-'))
  const env = { ...process.env, HOME, KUBECONFIG: join(HOME, 'config') }
  const file = (name: string): string => join(authority.folder, name)
  const { port } = server.address() as AddressInfo
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': file('ca.crt') }
  const user = { 'client-certificate': file('admin.crt'), 'client-key': file('admin.key') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
    'current-context': 'x',
  }
  writeFileSync(env.KUBECONFIG, JSON.stringify(config))
  const run = (line: string, input = ''): Promise<KubectlRun> =>
    new Promise(resolve => {
      const child = execFile(KUBECTL, line.split(' '), { env }, (error, out, err) =>
        resolve({ code: error ? 1 : 0, out: out.trim(), err: err.trim() }),
      )
      child.stdin!.end(input)
    })
  return {
    program: KUBECTL,
    env,
    run,
    async must(line, input) {
      const { code, out, err } = await run(line, input)
      if (code !== 0) throw new Error(`kubectl ${line}: ${err}`)
      return out
    },
  }
}
