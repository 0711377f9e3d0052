import type { Infer } from '../../schema/field.ts'
import { int64, json } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { revisionErrors } from './rules.ts'

const controllerRevisionFields = {
  data: json(2, 'The state.'),
  revision: int64(3, 'Its number.', { required: true }),
}

export interface ControllerRevision extends KubeObject, Infer<typeof controllerRevisionFields> {}
export const ControllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  definition: 'io.k8s.api.apps.v1.ControllerRevision',
  doc: 'A past state of a DaemonSet or StatefulSet.',
  fields: controllerRevisionFields,
  validate: revisionErrors,
  columns: [
    NAME,
    { name: 'Controller', type: 'string', description: 'Whose state it is.', cell: object => ownerText(object) },
    { name: 'Revision', type: 'integer', description: 'Its number.', cell: object => object.revision },
    AGE,
  ],
})

function ownerText({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(one => one.controller)
  if (!owner) return '<none>'
  const [group, version] = owner.apiVersion.split('/')
  return `${owner.kind.toLowerCase()}${version === undefined ? '' : `.${group}`}/${owner.name}`
}
