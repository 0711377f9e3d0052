import { generateKeyPairSync, sign } from 'node:crypto'
import { certificate, extensions } from '../../wire/x509/certificate.ts'

const NAME = { commonName: 'stand-in' }
const NAMES = ['localhost', '*.svc', '*.svc.cluster.local'] as const

/** A certificate for any name of the cluster that nobody has reason to trust; until 2049. PEM. */
export async function selfSigned(): Promise<{ cert: string; key: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = {
    serial: Buffer.of(1),
    issuer: NAME,
    subject: NAME,
    notBeforeMs: Date.UTC(2020, 0, 1),
    notAfterMs: Date.UTC(2049, 0, 1),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    extensions: [extensions.subjectAltName(NAMES)],
  }
  return {
    cert: certificate(body, toBeSigned => sign('sha256', toBeSigned, privateKey)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}
