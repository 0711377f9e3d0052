import type { FsDriver } from '../../host/fs/mod.ts'
import { UserError } from '../../lib/errors.ts'
import type { PodRuntime } from '../../node/runtime/mod.ts'
import { checkConfig } from '../config.ts'
import type { NodeAction } from '../control/protocol.ts'
import { prepareCredentials } from '../credentials.ts'
import type { NodeStatus, Ports } from '../mod.ts'
import type { Balancers } from '../outside/pair.ts'
import type { NodePlan, WorldPlan } from '../plan.ts'
import { planWorld } from '../plan.ts'
import type { RoleProcess } from '../roles.ts'
import { nodeRole } from '../roles.ts'
import type { TwinFolder } from '../state.ts'
import { writeConfig } from '../state.ts'
import type { World } from '../world/world.ts'
import type { Processes } from './processes.ts'

export interface NodesDeps {
  readonly fs: FsDriver
  readonly world: World
  readonly services: Processes
  readonly folder: TwinFolder
  readonly ports: Ports
  readonly balancers: Balancers
  nowMs(): number
  start(role: RoleProcess): void
  /** A connection to the pod runtime. */
  runtime(): PodRuntime
}

export interface Nodes {
  /** The world as it is by now. */
  readonly plan: WorldPlan
  act(action: NodeAction, name: string | undefined): Promise<string>
  states(): readonly NodeStatus[]
}

/** The nodes of a running twin, and the load balancers before them: they can be cut off, switched off and on, and more can join. */
export function createNodes(deps: NodesDeps, first: WorldPlan): Nodes {
  let plan = first
  const off = new Set<string>()
  const find = (name: string | undefined): NodePlan => {
    const node = plan.nodes.find(each => each.name === name)
    if (node) return node
    throw new UserError('NoNode', `there is no node "${name ?? ''}"`, {
      hint: `there are ${plan.nodes.map(each => each.name).join(', ')}, and the load balancers lb-1 and lb-2`,
    })
  }

  const add = (): string => {
    const config = checkConfig({ ...plan.config, nodes: plan.config.nodes + 1 })
    plan = planWorld(config)
    writeConfig(deps.fs, deps.folder, config)
    prepareCredentials(deps.fs, deps.folder, plan, deps.ports.api, deps.nowMs())
    const node = plan.nodes.at(-1)!
    deps.world.addNode(plan, node)
    deps.start(nodeRole(plan, deps.folder, node))
    return node.name
  }

  /** As when the machine loses power: agent and pods die at once. */
  const stop = async (node: NodePlan): Promise<string> => {
    off.add(node.name)
    if (!node.controlPlane) deps.world.setLink(node.name, false)
    await deps.services.kill(node.name)
    const runtime = deps.runtime()
    try {
      const sandboxes = await runtime.list(node.name)
      await Promise.all(sandboxes.map(({ spec }) => runtime.removeSandbox(spec.podUid, 0)))
    } finally {
      runtime.close()
    }
    return node.controlPlane ? `${node.name} (but for the API and its link: it carries the control plane)` : node.name
  }

  const start = (node: NodePlan): string => {
    off.delete(node.name)
    deps.world.setLink(node.name, true)
    deps.start(nodeRole(plan, deps.folder, node))
    return node.name
  }

  return {
    get plan() {
      return plan
    },
    act: async (action, name) => {
      if (action === 'add') return add()
      if (name !== undefined && deps.balancers.has(name)) {
        deps.balancers.act(action, name)
        return name
      }
      const node = find(name)
      if (action === 'stop') return stop(node)
      if (action === 'start') return start(node)
      deps.world.setLink(node.name, false)
      return node.name
    },
    states: () =>
      plan.nodes.map(({ name, address, address6 }) => ({
        name,
        address,
        ...(address6 ? { address6 } : {}),
        link: deps.world.linkIsUp(name) ? 'up' : off.has(name) ? 'down' : 'cut',
      })),
  }
}
