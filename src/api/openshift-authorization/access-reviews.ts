/** Questions about who may do what, as OpenShift asked them before Kubernetes did. `oc adm policy who-can` still does. */
import type { Infer } from '../../schema/field.ts'
import { boolean, json, list, STRING, string } from '../../schema/field.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const GROUP = 'com.github.openshift.api.authorization.v1'

// Tags are 0: OpenShift's clients send these as JSON alone.
const actionFields = {
  namespace: string(0, 'The namespace; that of the request where it has one.'),
  verb: string(0, 'The verb.'),
  resourceAPIGroup: string(0, 'The API group.'),
  resourceAPIVersion: string(0, 'The API version.'),
  resource: string(0, 'The resource; a subresource follows after a slash.'),
  resourceName: string(0, 'The object; empty for all.'),
  path: string(0, 'The path, where it is no resource.'),
  isNonResourceURL: boolean(0, 'It is about a path.'),
  content: json(0, 'The object itself; nothing looks at it.'),
}
const subjectFields = {
  ...actionFields,
  user: string(0, 'The user; whoever asks where neither user nor group is given.'),
  groups: list(0, STRING, "The user's groups."),
  scopes: list(0, STRING, 'What a token is limited to; nothing looks at it.', { nullable: true }),
}
export interface ResourceAccessReview extends KubeObject, Infer<typeof actionFields> {}
export interface SubjectAccessReview extends KubeObject, Infer<typeof subjectFields> {}

const define = (kind: string, namespaced: boolean, doc: string, fields: typeof actionFields | typeof subjectFields) =>
  defineKind({
    group: 'authorization.openshift.io',
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
    definition: `${GROUP}.${kind}`,
    doc,
    fields,
  })

export const ACCESS_REVIEWS = [
  define('ResourceAccessReview', false, 'Asks who may do something.', actionFields),
  define('LocalResourceAccessReview', true, 'Asks who may do something in a namespace.', actionFields),
  define('SubjectAccessReview', false, 'Asks whether a user may do something.', subjectFields),
  define('LocalSubjectAccessReview', true, 'Asks whether a user may do something in a namespace.', subjectFields),
] as const
