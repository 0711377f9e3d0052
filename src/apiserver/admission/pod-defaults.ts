import type { Obj } from '../object.ts'
import type { Attributes, Plugin } from './mod.ts'

interface PodSpecLike {
  tolerations?: { key?: string; operator?: string; effect?: string; tolerationSeconds?: number; value?: string }[]
}

const isPod = ({ resource, subresource }: Attributes): boolean =>
  resource.group === '' && resource.plural === 'pods' && subresource === ''
const specOf = (pod: Obj): PodSpecLike => pod.spec as PodSpecLike

const UNREACHABLE_SECONDS = 300
const NODE_TROUBLES = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** A pod that says nothing of it stays for five minutes on a node that is in trouble. */
export const podTolerations: Plugin = {
  name: 'DefaultTolerationSeconds',
  operations: ['CREATE'],
  admit(attributes) {
    if (!isPod(attributes)) return
    const spec = specOf(attributes.object!)
    const tolerations = spec.tolerations ?? []
    const tolerates = (trouble: string): boolean =>
      tolerations.some(({ key, effect }) => (key === trouble || !key) && (effect === 'NoExecute' || !effect))
    const missing = NODE_TROUBLES.filter(trouble => !tolerates(trouble)).map(key => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: UNREACHABLE_SECONDS,
    }))
    if (missing.length > 0) spec.tolerations = [...tolerations, ...missing]
  },
}
