import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { NamespaceCondition } from '../core/namespace.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.project.v1'

export interface ProjectSpec extends InferMessage<typeof ProjectSpec> {}
export const ProjectSpec = message(`${GROUP}.ProjectSpec`, 'What a project should be.', {
  finalizers: list(1, STRING, 'Who must agree before it is removed.'),
})

export interface ProjectStatus extends InferMessage<typeof ProjectStatus> {}
export const ProjectStatus = message(`${GROUP}.ProjectStatus`, 'What a project is at present.', {
  phase: string(1, 'Active or Terminating.', { enum: ['Active', 'Terminating'] }),
  conditions: list(2, ref<NamespaceCondition>(NamespaceCondition), 'What keeps a deletion from ending.', {
    patchKey: 'type',
  }),
})

const projectFields = {
  spec: one(2, ref<ProjectSpec>(ProjectSpec), 'What it should be.', { present: true }),
  status: one(3, ref<ProjectStatus>(ProjectStatus), 'What it is at present; the system writes it.'),
}

export interface Project extends KubeObject, Infer<typeof projectFields> {}
export const Project = defineKind<Project>({
  group: 'project.openshift.io',
  version: 'v1',
  kind: 'Project',
  plural: 'projects',
  namespaced: false,
  definition: 'com.github.openshift.api.project.v1.Project',
  doc: 'A namespace, as its users see it.',
  fields: projectFields,
  columns: [
    NAME,
    {
      name: 'Display Name',
      type: 'string',
      description: 'Its name for people.',
      cell: object => object.metadata.annotations?.['openshift.io/display-name'] ?? '',
    },
    { name: 'Status', type: 'string', description: 'The state in a word.', cell: object => object.status?.phase ?? '' },
  ],
})
