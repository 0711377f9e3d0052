/** The library is large and YAML rarely asked for: it is loaded when first wanted. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}
