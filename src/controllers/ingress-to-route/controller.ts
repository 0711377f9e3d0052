import { Secret } from '../../api/core/secret.ts'
import { Service } from '../../api/core/service.ts'
import type { ApiObject } from '../../api/meta/meta.ts'
import { Ingress } from '../../api/networking/ingress.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { Route } from '../../api/route/route.ts'
import { isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { decide } from './decide.ts'

/** OKD's ingress-to-route: Routes for the Ingresses of its class and of none, and what their routers say in the Ingresses' status. */
export async function startIngressToRoute(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers } = deps
  const events = deps.events('ingress-to-route')
  const ingresses = informers.of(Ingress)
  const classes = informers.of(IngressClass)
  const routes = informers.of(Route, { indexes: { owner: ownersOf } })
  const services = informers.of(Service)
  const secrets = informers.of(Secret)
  const view = {
    ingressClass: (name: string) => classes.get({ name }),
    service: services.get.bind(services),
    secret: secrets.get.bind(secrets),
  }
  const inNamespace = ({ metadata }: ApiObject): string[] => ingresses.list(metadata.namespace).map(keyOf)
  const namesSecret = ({ metadata }: Secret): string[] =>
    ingresses
      .list(metadata.namespace)
      .filter(ingress => JSON.stringify([ingress.spec?.tls, ingress.metadata.annotations]).includes(metadata.name))
      .map(keyOf)
  const told = new Map<string, string>()

  return startKeyed(
    deps,
    {
      name: 'ingress-to-route',
      triggers: [
        trigger(ingresses, one => [keyOf(one)]),
        trigger(classes, () => ingresses.list().map(keyOf)),
        trigger(routes, ownersOf),
        trigger(services, inNamespace, (one, old) => JSON.stringify(one.spec.ports) !== JSON.stringify(old.spec.ports)),
        trigger(secrets, namesSecret),
      ],
      async handle(key) {
        const ingress = ingresses.get(splitKey(key))
        if (!ingress || ingress.metadata.deletionTimestamp) return void told.delete(key)
        const decision = decide(ingress, routes.by('owner', key), view)
        for (const route of decision.create) await client.create(Route, route)
        for (const route of decision.update) await client.update(Route, route)
        for (const { metadata } of decision.remove)
          await client.delete(Route, metadata as { namespace: string; name: string }).catch((error: unknown) => {
            if (!isNotFound(error)) throw error
          })
        await tellStatus(ingress, decision.hostnames)
        const text = JSON.stringify(decision.warnings)
        if (text !== told.get(key))
          for (const [reason, message] of decision.warnings) events.record(ingress, 'Warning', reason, message)
        told.set(key, text)
      },
    },
    signal,
  )

  /** Entries of others stay. */
  async function tellStatus(ingress: Ingress, hostnames: readonly string[] | undefined): Promise<void> {
    if (!hostnames) return
    const old = ingress.status?.loadBalancer?.ingress ?? []
    const others = old.filter(({ hostname }) => !hostname || !/^router-[a-z0-9-]+\./.test(hostname))
    const next = [...others, ...hostnames.map(hostname => ({ hostname }))]
    if (JSON.stringify(next) === JSON.stringify(old)) return
    await client.updateStatus(Ingress, { ...ingress, status: { ...ingress.status, loadBalancer: { ingress: next } } })
  }
}

const ownersOf = ({ metadata }: Route): string[] =>
  (metadata.ownerReferences ?? [])
    .filter(({ kind, controller }) => kind === 'Ingress' && controller)
    .map(({ name }) => `${metadata.namespace}/${name}`)
