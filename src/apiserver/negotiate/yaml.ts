/** YAML is rare and its library large: it is loaded when first wanted. */
const library = () => import('yaml')

/** As kubectl reads it: YAML 1.1, where `yes` is true and 017 is 15. Throws Error with the place. */
export async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await library()
  const document = parseDocument(text, { version: '1.1', prettyErrors: true })
  const error = document.errors[0]
  if (error) throw new Error(`error converting YAML to JSON: ${error.message}`)
  return document.toJS({ maxAliasCount: 100 })
}

export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await library()
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}
