import { createSecureContext } from 'node:tls'
import type { BuiltinContext, TlsOptions } from '../mod.ts'

/** Certificate and key from files of the container's volumes; none where no file is named. Throws where one is missing. */
export function tlsFrom(context: BuiltinContext, certFile: string, keyFile: string): TlsOptions {
  // The image has these two, for localhost.
  if (/^\/?localhost\.crt$/.test(certFile)) return { context: context.certificate }
  const read = (path: string): Buffer => {
    const bytes = context.file(path)
    if (!bytes) throw new Error(`open ${path}: no such file or directory`)
    return bytes
  }
  const secure = createSecureContext({ cert: read(certFile), key: read(keyFile) })
  return { context: async () => secure }
}
