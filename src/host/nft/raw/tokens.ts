/** Words of nft's language: quoted strings, braces, commas, semicolons, and what stands between blanks. */
const WORD = /"[^"\n]*"|[{},;]|[^\s{},;"]+/g

/** The words of one command. */
export const wordsOf = (line: string): readonly string[] => line.match(WORD) ?? []

/** What a quoted string says; undefined for any other word. */
export const quotedText = (word: string | undefined): string | undefined =>
  word?.startsWith('"') ? word.slice(1, -1) : undefined

/** Comma-separated items, each as its words. */
export function itemsOf(words: readonly string[]): readonly (readonly string[])[] {
  const items: string[][] = [[]]
  for (const word of words)
    if (word === ',') items.push([])
    else items.at(-1)!.push(word)
  return items
}
