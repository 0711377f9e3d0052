import { Deployment } from '../../api/apps/deployment.ts'
import { EgressRouter } from '../../api/network-operator/egress-router.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { sameValue } from '../shared/values.ts'
import { DEPLOYMENT_NAME, deploymentOf, isCurrent, statusOf, verdictOf } from './decide.ts'

/** The network operator's part for EgressRouters: a pod for each, and how it is. The pod's node makes the link. */
export function startEgressRouter(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const { client, informers, clock } = deps
  const events = deps.events('egress-router-operator')
  const routers = informers.of(EgressRouter)
  const deployments = informers.of(Deployment)
  const siblings = (namespace: string | undefined): readonly EgressRouter[] => routers.list(namespace)
  return startKeyed(
    deps,
    {
      name: 'egress-router',
      triggers: [
        trigger(routers, ({ metadata }) => siblings(metadata.namespace).map(keyOf)),
        trigger(deployments, ({ metadata }) =>
          metadata.name === DEPLOYMENT_NAME ? siblings(metadata.namespace).map(keyOf) : [],
        ),
      ],
      async handle(key) {
        const router = routers.get(splitKey(key))
        if (!router || router.metadata.deletionTimestamp) return
        const { namespace } = router.metadata
        const verdict = verdictOf(router, siblings(namespace))
        const held = deployments.get({ name: DEPLOYMENT_NAME, ...(namespace ? { namespace } : {}) })
        const isOwn = held?.metadata.ownerReferences?.some(({ uid }) => uid === router.metadata.uid) ?? false
        if (verdict.is === 'wrong' && isOwn && held) await client.delete(Deployment, held.metadata)
        if (verdict.is === 'wanted') {
          const wanted = deploymentOf(router)
          if (!held) await client.create(Deployment, wanted)
          else if (isOwn && !isCurrent(held, wanted))
            await client.update(Deployment, {
              ...held,
              spec: { ...held.spec, template: wanted.spec!.template! },
            } as Deployment)
        }
        const status = statusOf(router, verdict, isOwn ? held : undefined, clock.now())
        if (sameValue(status, router.status)) return
        if (verdict.is === 'wrong') events.record(router, 'Warning', verdict.reason, verdict.message)
        await client.updateStatus(EgressRouter, { ...router, status })
      },
    },
    signal,
  )
}
