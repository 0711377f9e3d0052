export class YamlError extends Error {
  override readonly name = 'YamlError'
}
