/** Types that show others, or have a name that stands for something. */
import type { Verb } from '../context.ts'
import type { Resource } from '../resource/resource.ts'
import { PROJECTS } from './projects.ts'
import { USERS } from './users.ts'

/** By group/plural: verbs that differ from the generic ones. */
const VIEWS: Readonly<Record<string, Readonly<Record<string, Verb>>>> = {
  'project.openshift.io/projects': PROJECTS,
  'user.openshift.io/users': USERS,
}

export const viewOf = ({ group, plural }: Resource): Readonly<Record<string, Verb>> => VIEWS[`${group}/${plural}`] ?? {}
