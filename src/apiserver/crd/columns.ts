import { age } from '../../lib/human-duration.ts'
import type { Cell, Column } from '../../schema/kind.ts'
import type { Obj } from '../object.ts'
import type { DefinitionVersion } from './definition.ts'
import { parseJsonPath } from './json-path.ts'

const NAME: Column<Obj> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: object => object.metadata.name ?? '',
}
const AGE: Column<Obj> = {
  name: 'Age',
  type: 'date',
  description: 'When the object was created.',
  cell: (object, nowMs) => age(object.metadata.creationTimestamp, nowMs),
}

/** The columns of a custom resource: its name, and what its definition says or else its age. */
export function customColumns({ additionalPrinterColumns = [] }: DefinitionVersion): readonly Column<Obj>[] {
  if (additionalPrinterColumns.length === 0) return [NAME, AGE]
  return [NAME, ...additionalPrinterColumns.map(columnOf)]
}

type PrinterColumn = NonNullable<DefinitionVersion['additionalPrinterColumns']>[number]

function columnOf({ name, type, format, description, priority, jsonPath }: PrinterColumn): Column<Obj> {
  const path = parseJsonPath(jsonPath) ?? (() => [])
  return {
    name,
    type: type as Column<Obj>['type'],
    ...(format ? { format } : {}),
    description: description ?? '',
    priority: priority ? 1 : 0,
    cell: (object, nowMs) => cellOf(type, path(object)[0], nowMs),
  }
}

/** k8s.io/apiextensions-apiserver's table convertor: a value of another type than the column's is blank. */
function cellOf(type: string, value: unknown, nowMs: number): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? age(value, nowMs) : null
    default:
      return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}
