import { Ingress } from '../../api/config/ingress.ts'
import { Secret } from '../../api/core/secret.ts'
import { Route } from '../../api/route/route.ts'
import { type Draft, isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { COMPONENT_LABEL, decideComponents } from './decide.ts'

const KEY = 'cluster'
const CONFIG = { name: KEY }

/** Hosts and certificates of the cluster's components, as `ingresses.config.openshift.io` asks for them. */
export async function startComponentRoutes(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const configs = informers.of(Ingress)
  const routes = informers.of(Route)
  const secrets = informers.of(Secret, { namespace: 'openshift-config' })
  const isAsked = (): boolean => (configs.get(CONFIG)?.spec.componentRoutes?.length ?? 0) > 0
  const isOurs = ({ metadata }: Route): boolean => metadata.labels?.[COMPONENT_LABEL] !== undefined

  const put = async (wanted: Draft<Route>): Promise<void> => {
    const { namespace, name, labels } = wanted.metadata as Route['metadata']
    const actual = routes.get({ namespace: namespace!, name })
    if (!actual) await client.create(Route, wanted)
    else if (isOurs(actual) && !sameValue({ ...actual.spec, ...wanted.spec }, actual.spec))
      await client.update(Route, { ...actual, metadata: { ...actual.metadata, labels: labels! }, spec: wanted.spec! })
  }
  const handle = async (): Promise<void> => {
    const config = configs.get(CONFIG)
    if (!config) return
    const { routes: wanted, status } = decideComponents(config, {
      route: (namespace, name) => routes.get({ namespace, name }),
      secret: name => secrets.get({ namespace: 'openshift-config', name }),
      nowMs: clock.now(),
    })
    const named = new Set(
      wanted.map(({ metadata }) => `${(metadata as Route['metadata']).namespace}/${metadata!.name}`),
    )
    for (const one of routes.list().filter(isOurs)) {
      const { namespace = '', name } = one.metadata
      if (named.has(`${namespace}/${name}`)) continue
      await client.delete(Route, { namespace, name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    }
    for (const one of wanted) await put(one)
    if (!sameValue(status, config.status?.componentRoutes ?? []))
      await client.updateStatus(Ingress, { ...config, status: { ...config.status, componentRoutes: status } })
  }
  return startKeyed(
    deps,
    {
      name: 'component-routes',
      workers: 1,
      triggers: [
        trigger(configs, () => [KEY]),
        trigger(routes, route => (isAsked() || isOurs(route) ? [KEY] : [])),
        trigger(secrets, () => (isAsked() ? [KEY] : [])),
      ],
      handle,
    },
    signal,
  )
}
