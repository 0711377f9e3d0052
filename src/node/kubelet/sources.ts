import { ConfigMap } from '../../api/core/config-map.ts'
import { Secret } from '../../api/core/secret.ts'
import type { Client } from '../../client/mod.ts'
import type { Sources } from './spec/env.ts'

/** Reads the ConfigMaps and Secrets of these names; absent ones are missing in the answer. */
export async function readSources(
  client: Client,
  namespace: string,
  names: { readonly configMaps: readonly string[]; readonly secrets: readonly string[] },
): Promise<Sources> {
  const [configMaps, secrets] = await Promise.all([
    Promise.all([...new Set(names.configMaps)].map(name => client.find(ConfigMap, { namespace, name }))),
    Promise.all([...new Set(names.secrets)].map(name => client.find(Secret, { namespace, name }))),
  ])
  return { configMaps: byName(configMaps), secrets: byName(secrets) }
}

const byName = <T extends { readonly metadata: { readonly name: string } }>(
  objects: readonly (T | undefined)[],
): ReadonlyMap<string, T> =>
  new Map(objects.flatMap(object => (object ? [[object.metadata.name, object] as const] : [])))
