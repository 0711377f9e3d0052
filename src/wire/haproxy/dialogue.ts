import type { Command } from './command.ts'

/** Asked for once on a connection: every answer then ends with a prompt, so that many commands can be under way. */
export const OPENING = 'prompt\n'

export const encode = ({ line, payload }: Command): string =>
  payload ? `${line}\n${payload.join('\n')}\n\n` : `${line}\n`

/** Finds the answers in what a connection in prompt mode sends. One answer belongs to `OPENING`. */
export interface AnswerReader {
  /** Complete answers in this and earlier text; prompts are taken off. */
  read(text: string): readonly string[]
}

/** Every answer ends with an empty line and `> `; while a payload is read, each of its lines is answered with `+ `. */
export function createAnswerReader(): AnswerReader {
  let rest = ''
  return {
    read(text) {
      const from = Math.max(0, rest.length - 3)
      rest += text
      const answers: string[] = []
      let start = 0
      for (let end = rest.indexOf('\n> ', from); end >= 0; end = rest.indexOf('\n> ', start)) {
        answers.push(
          rest
            .slice(start, end)
            .replace(/^(\+ )+/, '')
            .trimEnd(),
        )
        start = end + 3
      }
      rest = rest.slice(start)
      return answers
    },
  }
}
