/**
 * Cases are shell lines that call kubectl, one scenario a file, each in a namespace of its own:
 *
 *     # why
 *     $ kubectl ...     run, and all it says is compared
 *     ~ kubectl ...     repeated until it succeeds; what it says is not compared
 *
 * Lines run in `inputs/`, one after the other; scenarios run side by side.
 */
export interface Step {
  readonly kind: 'run' | 'await'
  readonly command: string
}

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Shell {
  run(command: string): Promise<Said>
}

const AWAIT_MS = 120_000

export function parseScript(text: string): readonly Step[] {
  return text.split('\n').flatMap((line, index): readonly Step[] => {
    if (line === '' || line.startsWith('#')) return []
    const kind = line.startsWith('$ ') ? 'run' : line.startsWith('~ ') ? 'await' : undefined
    if (!kind) throw new Error(`line ${index + 1} begins with neither "$ ", "~ " nor "#": ${line}`)
    return [{ kind, command: line.slice(2) }]
  })
}

export interface Part {
  readonly command: string
  /** What it said, as `play` writes it. */
  readonly said: string
}

/** The parts of a transcript; what stands before the first is about its origin. */
export const partsOf = (transcript: string): readonly Part[] =>
  transcript
    .split(/^\$ /m)
    .slice(1)
    .map(part => {
      const [command = '', ...said] = part.split('\n')
      return { command, said: said.join('\n').trimEnd() }
    })

/** The transcript of a scenario: each command, its output, then its errors after "! " and its exit code, if not 0, after "? ". */
export async function play(steps: readonly Step[], shell: Shell, normalize: (text: string) => string): Promise<string> {
  const parts: string[] = []
  for (const { kind, command } of steps) {
    if (kind === 'await') await untilItSucceeds(shell, command)
    else parts.push(`$ ${command}\n${transcript(await shell.run(command), normalize)}`)
  }
  return parts.join('\n')
}

const lines = (text: string, mark: string): string => text.replace(/\n$/, '').replace(/^/gm, mark).replace(/$/, '\n')

const transcript = ({ code, stdout, stderr }: Said, normalize: (text: string) => string): string =>
  [
    stdout === '' ? '' : lines(normalize(stdout), ''),
    stderr === '' ? '' : lines(normalize(stderr), '! '),
    code === 0 ? '' : `? ${code}\n`,
  ].join('')

async function untilItSucceeds(shell: Shell, command: string): Promise<void> {
  const end = Date.now() + AWAIT_MS
  for (;;) {
    const said = await shell.run(command)
    if (said.code === 0) return
    if (Date.now() > end) throw new Error(`never succeeded: ${command}\n${said.stdout}${said.stderr}`)
  }
}
