import type { Cell, Column } from '../../schema/kind.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { partialMetadata } from './partial.ts'

export interface TableOptions {
  readonly version: string
  /** What stands in each row beside its cells. */
  readonly includeObject: 'None' | 'Metadata' | 'Object'
  readonly nowMs: number
}

interface Row {
  readonly cells: readonly Cell[]
  readonly object?: object
}

const NAME: Column<Obj> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: object => object.metadata.name ?? '',
}
const CREATED: Column<Obj> = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  cell: object => object.metadata.creationTimestamp ?? '',
}

/** A resource's columns; those of a type without any are its name and when it was created. */
export function columnsOf(resource: Resource): readonly Column<Obj>[] {
  const columns = resource.columns as readonly Column<Obj>[]
  if (columns.length === 0) return [NAME, CREATED]
  return columns.some(({ name }) => name === 'Name') ? columns : [NAME, ...columns]
}

export function tableOf(
  resource: Resource,
  objects: readonly Obj[],
  metadata: object,
  options: TableOptions,
): Record<string, unknown> {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: definitionsOf(resource),
    rows: objects.map(object => rowOf(resource, object, options)),
  }
}

const definitions = new WeakMap<Resource, readonly object[]>()

function definitionsOf(resource: Resource): readonly object[] {
  let made = definitions.get(resource)
  if (!made) {
    made = columnsOf(resource).map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description,
      priority: priority ?? 0,
    }))
    definitions.set(resource, made)
  }
  return made
}

/** One row of a table. */
export function rowOf(resource: Resource, object: Obj, { nowMs, includeObject, version }: TableOptions): Row {
  const cells = columnsOf(resource).map(column => column.cell(object, nowMs))
  if (includeObject === 'None') return { cells }
  return { cells, object: includeObject === 'Object' ? object : partialMetadata(object, version) }
}
