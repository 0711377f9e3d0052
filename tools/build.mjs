/**
 * Bundles src/main.ts into dist/: one CommonJS file that dist/boot.cjs loads with V8's code cache (a third of the start-up time of
 * separate modules). Native packages stay outside the bundle.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
mkdirSync(dist, { recursive: true })

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
await build({
  entryPoints: [join(root, 'src/main.ts')],
  outfile: join(dist, 'main.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // A script with a code cache has no import() of its own: it becomes require().
  supported: { 'dynamic-import': false },
  external: ['koffi', 'lmdb', 'pino-pretty'],
  define: {
    FAIRLEAD_VERSION: JSON.stringify(version),
    'import.meta.dirname': '__dirname',
    'import.meta.url': 'undefined',
  },
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
})

const hash = createHash('sha256')
  .update(readFileSync(join(dist, 'main.cjs')))
  .digest('hex')
  .slice(0, 16)
const boot = readFileSync(join(root, 'tools/boot.cjs'), 'utf8').replace('BUNDLE_HASH', hash)
writeFileSync(join(dist, 'boot.cjs.new'), boot)
renameSync(join(dist, 'boot.cjs.new'), join(dist, 'boot.cjs'))
for (const stale of ['main.cache']) rmSync(join(dist, stale), { force: true })
// The first run writes the code cache, so that the user's first command already finds it.
execFileSync(process.execPath, [join(dist, 'boot.cjs'), '--version'], { stdio: 'ignore' })
writeFileSync(join(dist, 'stamp'), `${hash}\n`)
