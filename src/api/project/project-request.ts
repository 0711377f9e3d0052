import type { Infer } from '../../schema/field.ts'
import { string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const projectRequestFields = {
  displayName: string(2, 'Its name for people.'),
  description: string(3, 'What it is for.'),
}

export interface ProjectRequest extends KubeObject, Infer<typeof projectRequestFields> {}
export const ProjectRequest = defineKind<ProjectRequest>({
  group: 'project.openshift.io',
  version: 'v1',
  kind: 'ProjectRequest',
  plural: 'projectrequests',
  namespaced: false,
  definition: 'com.github.openshift.api.project.v1.ProjectRequest',
  doc: 'Asks for a project.',
  fields: projectRequestFields,
})
