import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

export interface TestAuthority {
  readonly folder: string
  readonly ca: string
  /** subject as openssl writes it: /O=group/CN=name */
  issue(name: string, subject: string): TestCertificate
}

const openssl = (folder: string, ...args: string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
}

/** A certificate authority in a folder of its own, by openssl: what clients bring is not made by our own code. */
export function testAuthority(name = 'test-ca'): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-pki-'))
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  openssl(folder, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'ca.key')
  openssl(folder, 'req', '-x509', '-new', '-key', 'ca.key', '-subj', `/CN=${name}`, '-days', '2', '-out', 'ca.crt')
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  return {
    folder,
    ca: read('ca.crt'),
    issue(file, subject) {
      openssl(folder, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${file}.key`)
      openssl(folder, 'req', '-new', '-key', `${file}.key`, '-subj', subject, '-out', `${file}.csr`)
      const sign = ['x509', '-req', '-in', `${file}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
      openssl(folder, ...sign, '-days', '2', '-extfile', 'names', '-out', `${file}.crt`)
      return { cert: read(`${file}.crt`), key: read(`${file}.key`) }
    },
  }
}
