import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Deployment } from '../../api/apps/deployment.ts'
import { ConfigMap } from '../../api/core/config-map.ts'
import { Node } from '../../api/core/node.ts'
import { Pod } from '../../api/core/pod.ts'
import { Service } from '../../api/core/service.ts'
import { EndpointSlice } from '../../api/discovery/endpoint-slice.ts'
import { NetworkPolicy } from '../../api/networking/network-policy.ts'
import type { Kind } from '../../schema/kind.ts'
import { apiVersionOf } from '../../schema/kind.ts'
import { StrategicMergeError } from '../../schema/merge/strategic/directives.ts'
import { applyStrategicMerge } from '../../schema/merge/strategic/patch.ts'
import { mergeTypeOf } from '../../schema/merge-type.ts'
import type { JsonObject } from '../object.ts'
import { StatusError } from '../status-error.ts'
import type { PatchTarget } from './mod.ts'
import { applyPatch, kindTarget, trackUpdate } from './mod.ts'

/** Inputs drawn at random from these kinds' schemas; outcomes recorded from the libraries of Kubernetes 1.32. */
const kinds = new Map<string, Kind>(
  [Pod, Service, Deployment, Node, ConfigMap, EndpointSlice, NetworkPolicy].map(kind => [kind.kind, kind]),
)
const recorded = (name: string): JsonObject[] =>
  JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8')) as JsonObject[]

/** Null and absent are the same once a built-in kind is decoded. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, member: unknown) => (member === null ? undefined : member)))

it('strategic merge patches', () => {
  const cases = recorded('strategic')
  expect(cases.length).toBeGreaterThan(100)
  for (const { kind, original, patch, ...expected } of cases) {
    let outcome: JsonObject
    try {
      const type = mergeTypeOf(kinds.get(kind as string)!.schema)
      outcome = { object: withoutNulls(applyStrategicMerge(original as JsonObject, patch as JsonObject, type)) }
    } catch (error) {
      if (!(error instanceof StrategicMergeError)) throw error
      outcome = { error: error.message }
    }
    expect({ original, patch, ...outcome }).toEqual({ original, patch, ...expected })
  }
})

interface Step {
  readonly op: 'apply' | 'update'
  readonly manager: string
  readonly force: boolean
  readonly object: JsonObject
  readonly live: JsonObject
  readonly entries: readonly JsonObject[]
  readonly error?: string
  readonly causes?: readonly string[]
}

it('sequences of applies and updates: objects, owners, conflicts', () => {
  const cases = recorded('apply') as unknown as { readonly kind: string; readonly steps: readonly Step[] }[]
  expect(cases.length).toBeGreaterThan(50)
  expect(cases.flatMap(({ steps }) => steps).filter(step => step.error !== undefined).length).toBeGreaterThan(5)
  for (const { kind, steps } of cases) replay(kinds.get(kind)!, steps)
})

function replay(kind: Kind, steps: readonly Step[]): void {
  // As recorded: an empty object is only its type, and no endpoint resets anything.
  const target = { ...kindTarget(kind), empty: {}, resetFields: [] }
  let live: JsonObject | undefined
  for (const [i, step] of steps.entries()) {
    const outcome = attempt(live, step, target, Date.UTC(2026, 0, 1, 0, 0, i))
    live = outcome.live
    expect({ step: i, ...described(live, kind), ...outcome.failure }).toEqual({
      step: i,
      live: step.live,
      entries: step.entries,
      ...(step.error === undefined ? {} : { error: step.error, causes: step.causes }),
    })
  }
}

function attempt(
  live: JsonObject | undefined,
  step: Step,
  target: PatchTarget,
  nowMs: number,
): { live: JsonObject | undefined; failure: object } {
  try {
    if (step.op === 'update') return { live: trackUpdate(live, step.object, step.manager, target, nowMs), failure: {} }
    const patch = {
      type: 'apply',
      value: step.object,
      manager: step.manager,
      force: step.force,
      strictErrors: [],
    } as const
    return { live: applyPatch(patch, live, target, nowMs).object, failure: {} }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const causes = error.status.details?.causes?.map(cause => `${cause.reason}|${cause.message}|${cause.field}`).sort()
    return { live, failure: { error: error.message, causes } }
  }
}

/** Times are recorded only as being there, and entries as a set. */
function described(live: JsonObject | undefined, kind: Kind): object {
  const { managedFields = [], ...metadata } = (live?.metadata ?? {}) as { managedFields?: JsonObject[] }
  const entries = managedFields.map(entry => (entry.time === undefined ? entry : { ...entry, time: 'T' }))
  const text = (entry: object): string => JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
  const bare = live ?? { apiVersion: apiVersionOf(kind), kind: kind.kind }
  return {
    live: Object.keys(metadata).length > 0 ? { ...bare, metadata } : withoutMetadata(bare),
    entries: expect.toSatisfy((expected: readonly object[]) => {
      expect(entries.map(text).sort()).toEqual(expected.map(text).sort())
      return true
    }),
  }
}

function withoutMetadata({ metadata: _, ...rest }: JsonObject): JsonObject {
  return rest
}
