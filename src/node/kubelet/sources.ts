import { ConfigMap } from '../../api/core/config-map.ts'
import { Secret } from '../../api/core/secret.ts'
import type { Client, Informers } from '../../client/mod.ts'
import type { Sources } from './spec/env.ts'
import { bundlesOf } from './volumes/bundles.ts'

/** Reads the ConfigMaps and Secrets of these names; absent ones are missing in the answer. What `informers` hold need not be asked for. */
export async function readSources(
  client: Client,
  namespace: string,
  names: { readonly configMaps: readonly string[]; readonly secrets: readonly string[] },
  informers?: Informers,
): Promise<Sources> {
  const held = (name: string): ConfigMap | undefined =>
    informers && bundlesOf(informers, name)?.get({ namespace, name })
  const [configMaps, secrets] = await Promise.all([
    Promise.all([...new Set(names.configMaps)].map(name => held(name) ?? client.find(ConfigMap, { namespace, name }))),
    Promise.all([...new Set(names.secrets)].map(name => client.find(Secret, { namespace, name }))),
  ])
  return { configMaps: byName(configMaps), secrets: byName(secrets) }
}

const byName = <T extends { readonly metadata: { readonly name: string } }>(
  objects: readonly (T | undefined)[],
): ReadonlyMap<string, T> =>
  new Map(objects.flatMap(object => (object ? [[object.metadata.name, object] as const] : [])))
