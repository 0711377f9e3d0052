import type { Infer, InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING, string } from '../../schema/field.ts'
import { NamespaceCondition } from '../core/namespace.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.project.v1'

export interface ProjectSpec extends InferMessage<typeof ProjectSpec> {}
export const ProjectSpec = message(`${GROUP}.ProjectSpec`, '', {
  finalizers: list(1, STRING, ''),
})

export interface ProjectStatus extends InferMessage<typeof ProjectStatus> {}
export const ProjectStatus = message(`${GROUP}.ProjectStatus`, '', {
  phase: string(1, '', { enum: ['Active', 'Terminating'] }),
  conditions: list(2, ref<NamespaceCondition>(NamespaceCondition), '', { patchKey: 'type' }),
})

const projectFields = {
  spec: one(2, ref<ProjectSpec>(ProjectSpec), '', { present: true }),
  status: one(3, ref<ProjectStatus>(ProjectStatus), ''),
}

export interface Project extends KubeObject, Infer<typeof projectFields> {}
export const Project = defineKind<Project>({
  group: 'project.openshift.io',
  version: 'v1',
  kind: 'Project',
  plural: 'projects',
  namespaced: false,
  definition: 'com.github.openshift.api.project.v1.Project',
  doc: '',
  fields: projectFields,
})
