import { Namespace } from '../../api/core/namespace.ts'
import type { Context, Reply, Verb } from '../context.ts'
import { forbidden } from '../errors.ts'
import { internalContext } from '../internal.ts'
import type { Obj } from '../object.ts'
import type { Resource } from '../resource/resource.ts'
import { builtinResource } from '../resource/resource.ts'
import { StatusError } from '../status-error.ts'
import { decodeStored } from '../stored.ts'
import { remove } from '../verbs/delete.ts'
import { readObject } from '../write/body.ts'
import { createObject } from '../write/create.ts'
import type { WriteOptions } from '../write/options.ts'
import { parseWriteOptions } from '../write/options.ts'

const NAMESPACES = builtinResource(Namespace)
const RBAC = 'rbac.authorization.k8s.io'

const asNamespace = (context: Context): Context => ({ ...context, resource: NAMESPACES })

/** POST projects: a namespace, by whoever may make one without asking. */
async function createProject(context: Context): Promise<Reply> {
  const options = parseWriteOptions(context.request, 'CreateOptions')
  const project = await readObject(context, context.resource, options.fieldValidation)
  return createObject(asNamespace(context), namespaceOf(project.metadata), options)
}

const namespaceOf = (metadata: Obj['metadata']): Obj => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata,
  spec: {},
  status: {},
})

/** Reading and changing are the generic verbs, on the bytes of the namespace. */
export const PROJECTS: Readonly<Record<string, Verb>> = {
  create: createProject,
  delete: context => remove(asNamespace(context)),
}

/** POST projectrequests: a namespace whose asker becomes its admin. Source: openshift/openshift-apiserver. */
export async function requestProject(context: Context): Promise<Reply> {
  const { kernel, user, resource } = context
  const options = parseWriteOptions(context.request, 'CreateOptions')
  const { metadata, displayName, description } = await readObject(context, resource, options.fieldValidation)
  const projects = kernel.registry.find('project.openshift.io', 'v1', 'projects')
  if (!projects) throw forbidden(resource, '', 'this cluster has no projects')
  const annotations = {
    ...metadata.annotations,
    'openshift.io/description': String(description ?? ''),
    'openshift.io/display-name': String(displayName ?? ''),
    'openshift.io/requester': user.name,
  }
  const draft = namespaceOf({ ...metadata, annotations })
  const made = await createObject(asNamespace(context), draft, options).catch(error => {
    throw isTaken(error) ? taken(metadata.name ?? '') : error
  })
  if (!options.dryRun) await makeAdmin(context, metadata.name!, options)
  if (made.is !== 'stored') return made
  return { is: 'object', code: 201, object: decodeStored(projects, made.stored), resource: projects }
}

const isTaken = (error: unknown): boolean => error instanceof StatusError && error.status.reason === 'AlreadyExists'

const taken = (name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `project.project.openshift.io ${JSON.stringify(name)} already exists`, {
    name,
    group: 'project.openshift.io',
    kind: 'project',
  })

/** In the server's own name: the asker has nothing to give yet. */
async function makeAdmin({ kernel, user }: Context, namespace: string, options: WriteOptions): Promise<void> {
  const bindings = kernel.registry.find(RBAC, 'v1', 'rolebindings') as Resource
  await createObject(
    internalContext(kernel, bindings, { namespace }, 'create'),
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'admin', namespace },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: user.name }],
    },
    options,
  )
}

/** GET projectrequests: whether the asker may; authorization has said so. */
export const mayRequestProject: Verb = () => ({
  is: 'status',
  code: 200,
  status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' },
})
