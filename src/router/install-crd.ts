import { CustomResourceDefinition } from '../api/apiextensions/custom-resource-definition.ts'
import { CRD_LABEL, ROUTES_CRD, routesCrd } from '../api/route/crd.ts'
import { type Client, isNotFound, isRefusal } from '../client/mod.ts'
import { messageOf, UserError } from '../lib/errors.ts'

/**
 * Makes Routes known to an API: one that knows them already (OKD, or a definition of somebody else's) is left alone, and our own
 * definition is brought up to date. Resolves when Routes can be listed; rejects with UserError where that is not allowed.
 */
export async function installRoutesCrd(client: Client, signal: AbortSignal): Promise<'installed' | 'known'> {
  try {
    return await install(client, signal)
  } catch (error) {
    if (!isRefusal(error)) throw error
    throw new UserError('RoutesRefused', `Routes cannot be made known to the API: ${messageOf(error)}`, {
      hint: 'apply deploy/router/install-crd.yaml, or deploy/router/routes-crd.yaml and leave out --install-routes-crd',
    })
  }
}

async function install(client: Client, signal: AbortSignal): Promise<'installed' | 'known'> {
  const found = await client.find(CustomResourceDefinition, { name: ROUTES_CRD })
  if (found ? found.metadata.labels?.[CRD_LABEL] !== 'fairlead' : await isServed(client)) return 'known'
  await client.patch(
    CustomResourceDefinition,
    { name: ROUTES_CRD },
    { type: 'apply', body: routesCrd, fieldManager: 'fairlead-router', force: true },
  )
  await established(client, signal)
  return 'installed'
}

const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  (status?.conditions ?? []).some(({ type, status }) => type === 'Established' && status === 'True')

async function established(client: Client, signal: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const until = AbortSignal.any([signal, stop.signal])
  const selection = { fieldSelector: `metadata.name=${ROUTES_CRD}` }
  const { items, resourceVersion } = await client.list(CustomResourceDefinition, selection)
  if (items.some(isEstablished)) return
  for await (const event of client.watch(CustomResourceDefinition, { ...selection, resourceVersion }, until))
    if (event.type !== 'BOOKMARK' && event.type !== 'ERROR' && isEstablished(event.object)) break
  stop.abort()
}

async function isServed(client: Client): Promise<boolean> {
  try {
    await client.request('GET', '/apis/route.openshift.io/v1')
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
