/** Flags of the process itself (--kubeconfig=...), apart from those of its role. */
export function takeFlags(
  args: readonly string[],
  names: readonly string[],
): { readonly values: ReadonlyMap<string, string>; readonly rest: readonly string[] } {
  const values = new Map<string, string>()
  const rest = args.filter(arg => {
    const match = /^--([a-z-]+)=(.*)$/s.exec(arg)
    if (!match || !names.includes(match[1]!)) return true
    values.set(match[1]!, match[2]!)
    return false
  })
  return { values, rest }
}

/** `--name value` as `--name=value`. */
export function joinValues(args: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (let i = 0; i < args.length; i++) {
    const [arg = '', next] = [args[i], args[i + 1]]
    if (!/^--[a-z-]+$/.test(arg) || next === undefined || next.startsWith('--')) joined.push(arg)
    else joined.push(`${arg}=${args[++i]}`)
  }
  return joined
}
