/**
 * Records what a real API server says to every fault: `tools/in-world.sh npx tsx test/upstream/faults/record.ts <folder>`, with the folder of
 * ../build-real.sh, and etcd on PATH. Nothing but this writes answers.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Access } from '../kubectl/bed.ts'
import { startReal } from '../real.ts'
import type { Response, Send } from './corpus.ts'
import { askAll } from './corpus.ts'

const sender = ({ url, authority, certificate, key }: Access): Send => {
  const tls = { ca: readFileSync(authority), cert: readFileSync(certificate), key: readFileSync(key) }
  return (method, path, body) =>
    new Promise<Response>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const sent = request(`${url}${path}`, { method, headers, ...tls }, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }))
      })
      sent.on('error', reject)
      sent.end(body && JSON.stringify(body))
    })
}

const [bin] = process.argv.slice(2)
if (!bin) throw new Error('name the folder of the real binaries')
const real = await startReal(bin)
try {
  const send = sender(real.access)
  // Pods are refused before their account is there.
  while ((await send('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status !== 200) await sleep(200)
  const said = await askAll(send)
  const origin = `kube-apiserver ${real.version}`
  writeFileSync(join(import.meta.dirname, 'answers.json'), `${JSON.stringify({ origin, said }, null, 1)}\n`)
  console.log(`${Object.keys(said).length} answers of ${origin}`)
} finally {
  await real.close()
}
