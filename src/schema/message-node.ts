import type { Field, FieldOptions, FieldType, Message } from './field.ts'
import type { Checks, FieldNode, NodeBase, PatchStrategy, SchemaNode, StructNode } from './node.ts'
import { NO_STRATEGY } from './node.ts'

const structs = new WeakMap<Message, StructNode>()

/** The node of a built-in message; one per message, its fields computed at first use. */
export function messageNode(message: Message): StructNode {
  let node = structs.get(message)
  if (!node) {
    node = structNode(message)
    structs.set(message, node)
  }
  return node
}

function structNode(message: Message): StructNode {
  let fields: ReadonlyMap<string, FieldNode> | undefined
  return {
    kind: 'struct',
    name: message.name,
    doc: message.doc,
    nullable: false,
    patchStrategy: NO_STRATEGY,
    atomic: message.atomic ?? false,
    preserveUnknown: false,
    embeddedResource: false,
    fields() {
      fields ??= new Map(jsonFields(message).map(([name, field]) => [name, fieldNode(name, field)]))
      return fields
    },
  }
}

/** The fields JSON shows: those of inline messages stand among their parent's. */
export function jsonFields(message: Message): readonly (readonly [name: string, field: Field])[] {
  return Object.entries(message.fields).flatMap(([name, field]) =>
    field.options.inline && field.type.is === 'message' ? jsonFields(field.type.message()) : [[name, field] as const],
  )
}

function fieldNode(name: string, field: Field): FieldNode {
  const { options } = field
  return {
    name,
    node: nodeOf(field.type, options, field.doc),
    required: options.required ?? false,
    present: options.required ?? options.present ?? false,
    omitZero: !(options.required || options.explicit || options.nullable || (options.present && !isScalar(field))),
  }
}

const isScalar = (field: Field): boolean => field.type.is === 'scalar'

function nodeOf(type: FieldType, options: FieldOptions, doc: string): SchemaNode {
  const base: NodeBase = {
    doc,
    nullable: options.nullable ?? false,
    patchStrategy: strategyOf(options),
    ...('default' in options ? { default: options.default } : {}),
    ...checksOf(options),
  }
  switch (type.is) {
    case 'scalar':
      return type.scalar === 'json'
        ? { ...base, kind: 'any', atomic: true }
        : { ...base, kind: 'scalar', scalar: type.scalar }
    case 'list':
      return {
        ...base,
        kind: 'list',
        listType: options.listType ?? 'atomic',
        listKeys: options.listKeys ?? [],
        ...(options.patchKey ? { patchKey: options.patchKey } : {}),
        item: once(() => nodeOf(type.of, options.items ?? {}, '')),
      }
    case 'map':
      return { ...base, kind: 'map', atomic: options.atomic ?? false, item: once(() => nodeOf(type.of, {}, '')) }
    case 'message': {
      const message = type.message()
      if (message.choice)
        return { ...base, kind: 'any', atomic: false, alternatives: once(() => alternatives(message)) }
      const struct = messageNode(message)
      return { ...struct, ...base, definition: struct, atomic: options.atomic ?? struct.atomic }
    }
  }
}

const alternatives = (message: Message): readonly SchemaNode[] =>
  Object.values(message.fields).map(field => nodeOf(field.type, field.options, field.doc))

function strategyOf(options: FieldOptions): PatchStrategy {
  const words = options.patchStrategy?.split(',') ?? (options.patchKey ? ['merge'] : [])
  if (words.length === 0) return NO_STRATEGY
  return {
    merge: words.includes('merge'),
    replace: words.includes('replace'),
    retainKeys: words.includes('retainKeys'),
  }
}

const CHECKS = [
  'enum',
  'minimum',
  'maximum',
  'format',
  'pattern',
  'maxLength',
  'maxItems',
  'maxProperties',
] as const satisfies readonly (keyof FieldOptions & keyof Checks)[]

function checksOf(options: FieldOptions): { checks?: Checks } {
  const given = CHECKS.filter(name => options[name] !== undefined)
  return given.length > 0 ? { checks: Object.fromEntries(given.map(name => [name, options[name]])) } : {}
}

function once<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined
  return () => {
    value ??= { made: make() }
    return value.made
  }
}
