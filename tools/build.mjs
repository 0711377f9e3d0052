/**
 * Bundles every file of src/main/start/ into dist/: one CommonJS file each, which dist/boot.cjs loads with V8's code cache (a third of the
 * start-up time of separate modules). Native packages, and what is rarely loaded, stay outside.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const starts = join(root, 'src/main/start')
const names = readdirSync(starts).map(file => basename(file, '.ts'))
mkdirSync(dist, { recursive: true })

const NATIVE = ['koffi', 'lmdb']
/** What nobody loads at a start: a bundle and its cache are read at every one. */
const LATE = ['pino-pretty', 'prom-client', 'ws', 'yaml', 'zod']

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
await build({
  entryPoints: names.map(name => join(starts, `${name}.ts`)),
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  // A script with a code cache has no import() of its own: it becomes require().
  supported: { 'dynamic-import': false },
  external: [...NATIVE, ...LATE],
  define: {
    FAIRLEAD_VERSION: JSON.stringify(version),
    'import.meta.dirname': '__dirname',
    'import.meta.url': 'undefined',
  },
  legalComments: 'none',
  logLevel: 'warning',
})

const hashOf = bytes => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
const hashes = Object.fromEntries(names.map(name => [name, hashOf(readFileSync(join(dist, `${name}.cjs`)))]))
const boot = readFileSync(join(root, 'tools/boot.cjs'), 'utf8').replace("{ BUNDLES: '' }", JSON.stringify(hashes))
writeFileSync(join(dist, 'boot.cjs.new'), boot)
renameSync(join(dist, 'boot.cjs.new'), join(dist, 'boot.cjs'))

for (const file of readdirSync(dist))
  if (!names.includes(file.replace(/\.c(js|ache)$/, '')) && file !== 'boot.cjs') rmSync(join(dist, file))
// Compiles every bundle, so that the first process of a user finds the caches.
const load = createRequire(import.meta.url)(join(dist, 'boot.cjs'))
for (const name of names) if (name !== 'api') load(name)
// As src/twin/roles.ts starts it.
execFileSync(process.execPath, [
  '--max-semi-space-size=64',
  '-e',
  `require(${JSON.stringify(join(dist, 'boot.cjs'))})('api')`,
])
writeFileSync(join(dist, 'stamp'), `${hashOf(boot)}\n`)
