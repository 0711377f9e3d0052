/** Makes the programs of `clients.test.ts` before it runs in namespaces that have no network: `npm run upstream`. */
import { buildPrograms, goProblem } from './programs.ts'

const problem = goProblem()
const start = Date.now()
if (problem) console.warn(`Unmodified programs from upstream are left out: ${problem}.`)
else {
  buildPrograms()
  console.log(`programs from upstream: ready after ${Math.round((Date.now() - start) / 1000)} s`)
}
