import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { splitPem } from './testing-live.ts'

export type Pair = ReturnType<typeof splitPem>
/** Self-signed, with an RSA key. */
export const rsa = (name: string): Pair => {
  const options = ['-newkey', 'rsa:2048', '-nodes', '-keyout', '-', '-subj', `/CN=${name}`, '-days', '2']
  return splitPem(
    execFileSync('openssl', ['req', '-x509', ...options], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .replace(/(-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----\n)([\s\S]*)/, '$2$1'),
  )
}

/** Signed by an authority, with SHA-1: TLS libraries do not take it any more. */
export function weaklySigned(name: string): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'weak-'))
  const { certificate, key } = rsa('authority.test')
  writeFileSync(join(folder, 'ca.pem'), certificate + key)
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key', '-subj', `/CN=${name}`, '-out', 'request')
  openssl('x509', '-req', '-in', 'request', '-sha1', '-CA', 'ca.pem', '-days', '2', '-out', 'certificate')
  const [text, own] = ['certificate', 'key'].map(file => readFileSync(join(folder, file), 'utf8'))
  rmSync(folder, { recursive: true })
  return { certificate: text! + certificate, key: own! }
}
