/** Small worlds about which engine, oracle or packets once disagreed: asked about again, every time. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OracleFlow, OracleWorld } from './oracle.ts'

export interface Kept {
  readonly flow: OracleFlow
  readonly world: OracleWorld
}

const FOLDER = join(import.meta.dirname, '../testdata/disagreements')

export const keptCases = (): readonly (readonly [file: string, kept: Kept])[] =>
  readdirSync(FOLDER)
    .filter(file => file.endsWith('.json'))
    .map(file => [file, JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Kept] as const)

/** Writes the case where `keptCases` finds it, and answers with the file's path. */
export function keep(kept: Kept): string {
  const text = `${JSON.stringify(kept, null, 1)}\n`
  const path = join(FOLDER, `${createHash('sha256').update(text).digest('hex').slice(0, 12)}.json`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(path, text)
  return path
}

/** What a world is made of, but for its nodes. */
export const POLICY_PARTS = [
  'networkPolicies',
  'adminPolicies',
  'clusterNetworkPolicies',
  'baselinePolicies',
  'firewalls',
] as const
const PARTS = [...POLICY_PARTS, 'pods'] as const

/** Without the policies, and the pods, that make no difference. */
export async function shrink(
  world: OracleWorld,
  disagrees: (smaller: OracleWorld) => boolean | Promise<boolean>,
  parts: readonly (typeof PARTS)[number][] = PARTS,
): Promise<OracleWorld> {
  let small = world
  for (const part of parts)
    for (const object of world[part]) {
      const without = { ...small, [part]: (small[part] as readonly unknown[]).filter(other => other !== object) }
      if (await disagrees(without)) small = without
    }
  return small
}
