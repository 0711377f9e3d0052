import type { CliDeps, NamedOption } from './deps.ts'

/** Prints the path, so that `export KUBECONFIG=$(./fairlead kubeconfig)` works. */
export async function kubeconfig(deps: CliDeps, options: NamedOption): Promise<number> {
  const control = await deps.twins.control(options.name)
  control.close()
  deps.out(`${deps.twins.kubeconfigPath(options.name)}\n`)
  return 0
}
