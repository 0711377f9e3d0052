import { NftError } from './mod.ts'

/** What no transaction may contain: a NUL ends the text silently, and include reads files. */
export function refuse(text: string): void {
  if (text.includes('\0')) throw new NftError('the transaction contains a NUL character')
  if (/^\s*include\b/m.test(text)) throw new NftError('the transaction contains an include')
}

/** Runs commands as one transaction, or halves it for as long as the kernel finds it too long. */
export function loadInParts(commands: readonly string[], run: (text: string) => void): void {
  if (commands.length === 0) return
  try {
    run(commands.join('\n'))
  } catch (error) {
    if (!(error instanceof NftError && error.tooLong) || commands.length === 1) throw error
    const middle = commands.length >> 1
    loadInParts(commands.slice(0, middle), run)
    loadInParts(commands.slice(middle), run)
  }
}
