/**
 * Records what a real Kubernetes says to every case: `npx tsx test/upstream/record.ts <folder> [version or scenario ...]`, where the folder holds
 * kube-apiserver, kube-controller-manager and kube-scheduler (`build-real.sh` makes them) and etcd is on PATH. Run it in namespaces
 * of its own (tools/in-world.sh); nothing but this writes golden files.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBed, SCENARIOS } from './kubectl/bed.ts'
import { GOLDEN, sideBySide, VERSIONS } from './kubectl/versions.ts'
import { startReal } from './real.ts'

const [bin, ...names] = process.argv.slice(2)
if (!bin) throw new Error('name the folder of the real binaries')
const named = <T>(all: readonly T[], nameOf: (each: T) => string): readonly T[] => {
  const found = all.filter(each => names.includes(nameOf(each)))
  return found.length > 0 ? found : all
}
const chosen = named(SCENARIOS, each => each)
for (const { minor, path, version } of named(VERSIONS, each => each.minor)) {
  const real = await startReal(bin)
  try {
    const bed = createBed(path, real.access)
    await bed.prepare()
    mkdirSync(join(GOLDEN, minor), { recursive: true })
    await sideBySide(chosen, async scenario => {
      const origin = `# Said by kube-apiserver ${real.version} with its controllers to kubectl ${version}.\n\n`
      writeFileSync(join(GOLDEN, minor, `${scenario}.txt`), origin + (await bed.play(scenario)))
      console.log(`${minor} ${scenario}`)
    })
  } finally {
    await real.close()
  }
}
