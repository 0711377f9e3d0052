/** What objects count against a ResourceQuota. Source: k8s.io/kubernetes/pkg/quota/v1. */
import { formatQuantity, parseQuantity } from '../../schema/quantity.ts'
import { type Amounts, amountsOf, podRequests } from './pod/requests.ts'
import type { Pod } from './pod.ts'
import type { ResourceQuota } from './resource-quota.ts'

interface Counted {
  readonly group: string
  readonly plural: string
}

/** Kinds that may be counted by their plural alone. */
const BY_NAME = new Set(['configmaps', 'persistentvolumeclaims', 'resourcequotas', 'secrets', 'services'])

/** Amounts by the names that quotas use. */
export function usageOf({ group, plural }: Counted, object: unknown): Amounts {
  const count = { [`count/${group === '' ? plural : `${plural}.${group}`}`]: 1 }
  if (group !== '') return count
  if (plural === 'pods') return { ...count, ...podUsage(object as Pod) }
  const byName = BY_NAME.has(plural) ? { [plural]: 1 } : {}
  if (plural === 'services') return { ...count, ...byName, ...serviceUsage(object) }
  if (plural === 'persistentvolumeclaims') return { ...count, ...byName, ...claimUsage(object) }
  return { ...count, ...byName }
}

/** A pod that has ended holds nothing. */
function podUsage({ spec, status }: Pod): Amounts {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return {}
  const result: Record<string, number> = { pods: 1 }
  for (const [name, amount] of Object.entries(podRequests(spec))) {
    result[`requests.${name}`] = amount
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage') result[name] = amount
  }
  for (const [name, amount] of Object.entries(podRequests(limitsAsRequests(spec)))) result[`limits.${name}`] = amount
  return result
}

function limitsAsRequests(spec: Pod['spec']): Pod['spec'] {
  const swap = <C extends Pod['spec']['containers'][number]>(container: C): C => ({
    ...container,
    resources: container.resources?.limits ? { requests: container.resources.limits } : {},
  })
  return {
    ...spec,
    containers: spec.containers.map(swap),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(swap) } : {}),
  }
}

function serviceUsage(object: unknown): Amounts {
  const { spec } = object as {
    readonly spec?: {
      readonly type?: string
      readonly ports?: readonly unknown[]
      readonly allocateLoadBalancerNodePorts?: boolean
    }
  }
  const ports = spec?.ports?.length ?? 0
  if (spec?.type === 'NodePort') return { 'services.nodeports': ports }
  if (spec?.type !== 'LoadBalancer') return {}
  const nodePorts = spec.allocateLoadBalancerNodePorts === false ? {} : { 'services.nodeports': ports }
  return { 'services.loadbalancers': 1, ...nodePorts }
}

function claimUsage(object: unknown): Amounts {
  const { spec } = object as { readonly spec?: { readonly resources?: { requests?: Record<string, string> } } }
  const { storage } = amountsOf(spec?.resources?.requests)
  return storage === undefined ? {} : { 'requests.storage': storage }
}

/** Whether the quota speaks of the object: scopes are for pods alone. */
export function inScope({ spec }: ResourceQuota, { group, plural }: Counted, object: unknown): boolean {
  const scopes = [
    ...(spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists', values: [] as readonly string[] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []).map(one => ({ ...one, values: one.values ?? [] })),
  ]
  if (scopes.length === 0) return true
  if (group !== '' || plural !== 'pods') return false
  return scopes.every(scope => matchesScope(scope, object as Pod))
}

interface Scope {
  readonly scopeName: string
  readonly operator: string
  readonly values: readonly string[]
}

function matchesScope({ scopeName, operator, values }: Scope, { spec, status }: Pod): boolean {
  switch (scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined
    case 'BestEffort':
      return status?.qosClass === 'BestEffort'
    case 'NotBestEffort':
      return status?.qosClass !== 'BestEffort'
    case 'PriorityClass': {
      const name = spec.priorityClassName || undefined
      if (operator === 'Exists') return name !== undefined
      if (operator === 'DoesNotExist') return name === undefined
      return (name !== undefined && values.includes(name)) === (operator === 'In')
    }
    default:
      return false
  }
}

/** As a quantity, in the manner of the limit it is compared with. */
export function amountText(amount: number, like: string | undefined): string {
  const nano = Number.isInteger(amount) ? BigInt(amount) * 1_000_000_000n : BigInt(Math.round(amount * 1e6)) * 1000n
  return formatQuantity({ nano, format: parseQuantity(like ?? '')?.format ?? 'decimal' })
}
