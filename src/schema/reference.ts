/** The pages of docs/reference: every field of every kind, with its type, what holds of it, and what it is for. */
import type { Field, FieldType, Message } from './field.ts'
import type { Kind } from './kind.ts'
import { apiVersionOf } from './kind.ts'
import { jsonFields } from './message-node.ts'

export interface Page {
  /** As in apps.md. */
  readonly file: string
  readonly text: string
}

/** One page for each API group, and one that leads to them. Pure: the same kinds give the same pages. */
export function referencePages(kinds: readonly Kind[]): readonly Page[] {
  const homes = homesOf(kinds)
  const groups = [...new Set(kinds.map(kind => kind.group))]
  return [indexPage(kinds), ...groups.map(group => groupPage(group, kinds, homes))]
}

const fileOf = (group: string): string => `${group === '' ? 'core' : group}.md`

/** The page on which a message stands: that of the first kind that uses it. */
type Homes = ReadonlyMap<Message, string>

function homesOf(kinds: readonly Kind[]): Homes {
  const homes = new Map<Message, string>()
  for (const kind of kinds) {
    homes.set(kind.schema, fileOf(kind.group))
    collect(kind.schema, fileOf(kind.group), homes)
  }
  return homes
}

function collect(message: Message, file: string, homes: Map<Message, string>): void {
  for (const [, { type }] of jsonFields(message)) {
    const inner = innermost(type)
    if (inner.is !== 'message') continue
    const next = inner.message()
    if (homes.has(next) || next.choice) continue
    homes.set(next, file)
    collect(next, file, homes)
  }
}

const innermost = (type: FieldType): FieldType => (type.is === 'list' || type.is === 'map' ? innermost(type.of) : type)

const GENERATED = '<!-- Written by `npm run docs` from the schema; do not edit. -->'

function indexPage(kinds: readonly Kind[]): Page {
  const rows = kinds.map(kind => {
    const names = [kind.plural, ...kind.shortNames].join(', ')
    const scope = kind.namespaced ? 'namespace' : 'cluster'
    return `| [${kind.kind}](${fileOf(kind.group)}#${anchor(kind.kind)}) | ${apiVersionOf(kind)} | ${names} | ${scope} | ${kind.schema.doc} |`
  })
  const lines = [
    GENERATED,
    '# Kinds',
    '',
    '| kind | apiVersion | names | scope | what it is |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ]
  return { file: 'kinds.md', text: lines.join('\n') }
}

function groupPage(group: string, kinds: readonly Kind[], homes: Homes): Page {
  const file = fileOf(group)
  const own = kinds.filter(kind => kind.group === group)
  const roots = new Set(kinds.map(kind => kind.schema))
  const messages = [...homes].flatMap(([message, home]) => (home === file && !roots.has(message) ? [message] : []))
  const sorted = messages.sort((a, b) => (shortName(a) < shortName(b) ? -1 : 1))
  const sections = [
    ...own.map(kind => kindSection(kind, file, homes)),
    ...sorted.map(message => messageSection(shortName(message), message, file, homes)),
  ]
  const title = `# ${group === '' ? 'The core group' : group}`
  return { file, text: [GENERATED, title, '', ...sections].join('\n') }
}

const kindSection = (kind: Kind, file: string, homes: Homes): string => {
  const columns = kind.columns.map(({ name, priority }) => (priority === 1 ? `${name} (wide)` : name)).join(', ')
  const selectable = Object.keys(kind.selectable).sort().join(', ')
  return [
    messageSection(kind.kind, kind.schema, file, homes),
    `Columns: ${columns}.`,
    ...(selectable === '' ? [] : [`Field selectors: metadata.name, metadata.namespace, ${selectable}.`]),
    '',
  ].join('\n')
}

function messageSection(title: string, message: Message, file: string, homes: Homes): string {
  const rows = jsonFields(message).map(
    ([name, field]) => `| ${name} | ${typeText(field.type, file, homes)} | ${rules(field)} | ${cellText(field.doc)} |`,
  )
  const table = rows.length === 0 ? [] : ['| field | type | rules | what it is for |', '|---|---|---|---|', ...rows, '']
  return [`## ${title}`, '', message.doc, '', ...table].join('\n')
}

function typeText(type: FieldType, file: string, homes: Homes): string {
  switch (type.is) {
    case 'scalar':
      return type.scalar
    case 'list':
      return `list of ${typeText(type.of, file, homes)}`
    case 'map':
      return `map of ${typeText(type.of, file, homes)}`
    case 'message':
      return link(type.message(), file, homes)
  }
}

function link(message: Message, file: string, homes: Homes): string {
  const home = homes.get(message)
  if (home === undefined) return shortName(message)
  return `[${shortName(message)}](${home === file ? '' : home}#${anchor(shortName(message))})`
}

const shortName = (message: Message): string => message.name.split('.').at(-1)!
const anchor = (title: string): string => title.toLowerCase()
const cellText = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function rules({ options }: Field): string {
  const parts = [
    ...(options.required ? ['required'] : []),
    ...(options.default === undefined ? [] : [`default ${code(options.default)}`]),
    ...(options.enum ? [`one of ${options.enum.map(code).join(' ')}`] : []),
    ...(options.minimum === undefined ? [] : [`at least ${options.minimum}`]),
    ...(options.maximum === undefined ? [] : [`at most ${options.maximum}`]),
    ...(options.maxLength === undefined ? [] : [`at most ${options.maxLength} characters`]),
    ...(options.maxItems === undefined ? [] : [`at most ${options.maxItems} item${options.maxItems === 1 ? '' : 's'}`]),
    ...(options.maxProperties === undefined ? [] : [`at most ${options.maxProperties} keys`]),
    ...(options.items?.enum ? [`each one of ${options.items.enum.map(code).join(' ')}`] : []),
    ...(options.listType ? [options.listKeys ? `merged by ${options.listKeys.join(' + ')}` : options.listType] : []),
  ]
  return parts.join('; ')
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value || '""' : JSON.stringify(value)}\``
