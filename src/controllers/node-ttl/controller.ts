import { Node } from '../../api/core/node.ts'
import { isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, startKeyed, trigger } from '../shared/controller.ts'

const ANNOTATION = 'node.alpha.kubernetes.io/ttl'

/** Of clusters of at most so many nodes: for how many seconds kubelets may believe what they read. Source: upstream's ttl controller. */
const SECONDS: readonly (readonly [nodes: number, seconds: number])[] = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
  [Number.POSITIVE_INFINITY, 300],
]

/** Tells kubelets, by an annotation of their nodes, how long they may keep ConfigMaps and Secrets. Ours watch, others poll. */
export function startNodeTtl(deps: ControllerDeps, signal: AbortSignal): Promise<Controller> {
  const nodes = deps.informers.of(Node)
  return startKeyed(
    deps,
    {
      name: 'node-ttl',
      triggers: [trigger(nodes, ({ metadata }) => [metadata.name])],
      async handle(name) {
        const node = nodes.get({ name })
        const wanted = String(SECONDS.find(([count]) => nodes.list().length <= count)![1])
        if (!node || node.metadata.annotations?.[ANNOTATION] === wanted) return
        const body = { metadata: { annotations: { [ANNOTATION]: wanted } } }
        await deps.client.patch(Node, { name }, { type: 'merge', body }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      },
    },
    signal,
  )
}
