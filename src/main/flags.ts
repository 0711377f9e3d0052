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
