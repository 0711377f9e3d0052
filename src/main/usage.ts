/** A command that runs against any cluster, and what it takes: of each flag, without its dashes, what it means. */
export interface ClusterCommand {
  readonly command: string
  readonly does: string
  readonly flags: Readonly<Record<string, string>>
}

/** Whether help was asked for, and given. */
export function wasHelped(args: readonly string[], { command, does, flags }: ClusterCommand): boolean {
  if (!args.some(arg => arg === '--help' || arg === '-h')) return false
  const width = Math.max(...Object.keys(flags).map(flag => flag.length)) + 4
  const lines = Object.entries(flags).map(([flag, help]) => `  ${`--${flag}`.padEnd(width)}${help}`)
  process.stdout.write(`Usage: fairlead ${command} [options]\n\n${does}\n\nOptions:\n${lines.join('\n')}\n`)
  return true
}

export const KUBECONFIG_HELP = 'how to reach the API, and as whom (default: $KUBECONFIG)'
