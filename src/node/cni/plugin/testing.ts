import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const SHIM = join(import.meta.dirname, '../../../../deploy/cni/fairlead-cni')

export interface Answer {
  readonly code: number
  readonly json: Record<string, never> & { code?: number; msg?: string; ips?: { address: string; gateway: string }[] }
}

/** Runs the plugin as an engine does. */
export function callPlugin(
  socket: string,
  environment: Readonly<Record<string, string>>,
  config: object,
): Promise<Answer> {
  const child = spawn(SHIM, [], {
    env: { PATH: process.env.PATH ?? '', FAIRLEAD_CNI_SOCKET: socket, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stdin.on('error', () => {}).end(JSON.stringify(config))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? -1, json: out.trim() === '' ? {} : JSON.parse(out) }))
  })
}
