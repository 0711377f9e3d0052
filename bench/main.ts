/** `npm run bench -- <name>`: progress on stderr, one line of JSON last on stdout. What each figure means: docs/benchmarks.md. */
import { apiserver } from './apiserver.ts'
import { dns } from './dns.ts'
import { pods } from './pods.ts'
import { policy } from './policy.ts'
import { router } from './router.ts'
import { services } from './services.ts'
import { up } from './up.ts'

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<object>>> = {
  apiserver,
  dns,
  pods,
  policy,
  router,
  services,
  up,
}

const [name = '', ...args] = process.argv.slice(2)
const bench = BENCHES[name]
if (!bench) {
  console.error(`bench: unknown name ${JSON.stringify(name)}; there are: ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}
console.log(JSON.stringify({ bench: name, ...(await bench(args)) }))
