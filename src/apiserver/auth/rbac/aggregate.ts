import { matchesSelector } from '../../../api/meta/matches.ts'
import type { ClusterRole } from '../../../api/rbac/cluster-role.ts'
import type { PolicyRule } from '../../../api/rbac/role.ts'
import type { Store } from '../../../store/mod.ts'
import type { Kernel } from '../../context.ts'
import { internalContext } from '../../internal.ts'
import { prefixOf } from '../../resource/resource.ts'
import { StatusError } from '../../status-error.ts'
import { parseBytes } from '../../stored.ts'
import { INTERNAL_WRITE } from '../../write/options.ts'
import { updateObject } from '../../write/update.ts'

const GROUP = 'rbac.authorization.k8s.io'

/** The rules of all cluster roles that an aggregated one selects, by their names, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? []
  const chosen = all
    .filter(other => other.metadata.name !== role.metadata.name)
    .filter(({ metadata }) => selectors.some(selector => matchesSelector(selector, metadata.labels)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules = new Map(chosen.flatMap(({ rules = [] }) => rules).map(rule => [JSON.stringify(rule), rule]))
  return [...rules.values()]
}

/** Writes into aggregated cluster roles what they are made of, now and whenever one changes. */
export function keepAggregated(kernel: Kernel): () => void {
  const { store, log, registry } = kernel
  const resource = registry.find(GROUP, 'v1', 'clusterroles')
  if (!resource) return () => {}
  let running = false
  let again = false
  const run = async (): Promise<void> => {
    again = true
    if (running) return
    running = true
    while (again) {
      again = false
      for (const [name, rules] of stale(store)) {
        const context = internalContext(kernel, resource, { name }, 'update')
        await updateObject(context, current => ({ object: { ...current, rules }, tracked: false }), CONTROLLER).catch(
          error => {
            if (!(error instanceof StatusError)) throw error
          },
        )
      }
    }
    running = false
  }
  const start = (): void => {
    run().catch(error => log.error({ error }, 'cluster roles could not be aggregated'))
  }
  start()
  return store.watch(resource.prefix, store.revision, start)
}

const CONTROLLER = { ...INTERNAL_WRITE, manager: 'clusterrole-aggregation-controller' }

function stale(store: Store): readonly (readonly [name: string, rules: readonly PolicyRule[]])[] {
  const all = store
    .range(prefixOf(GROUP, 'clusterroles'))
    .items.map(({ value }) => parseBytes(value) as never as ClusterRole)
  return all
    .filter(role => role.aggregationRule)
    .map(role => [role, aggregatedRules(role, all)] as const)
    .filter(([role, rules]) => JSON.stringify(role.rules ?? []) !== JSON.stringify(rules))
    .map(([role, rules]) => [role.metadata.name, rules])
}
