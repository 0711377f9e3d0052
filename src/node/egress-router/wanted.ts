import type { Container } from '../../api/core/pod/container.ts'
import type { Pod } from '../../api/core/pod.ts'
import { EgressRouter } from '../../api/network-operator/egress-router.ts'
import type { Client } from '../../client/mod.ts'
import { ROUTER_ANNOTATION, ROUTER_LINK, routerSettings } from '../../model/egress-router/custom.ts'
import { LEGACY_LINK, legacySettings, MACVLAN_ANNOTATION } from '../../model/egress-router/legacy.ts'
import { RouterSettingsError } from '../../model/egress-router/settings.ts'
import { imageKind } from '../runtime/images.ts'
import type { RouterLink } from './attach.ts'
import { isPrivileged } from './attach.ts'

/** The variables of a container as it will see them. */
export type VariablesOf = (container: Container) => Promise<Readonly<Record<string, string>>>

/**
 * The second link that a pod asks for: by the annotation of the older images, or as a pod of the operator. Undefined for all
 * other pods. Throws RouterSettingsError.
 */
export async function routerLinkOf(
  client: Client,
  pod: Pod,
  variablesOf: VariablesOf,
): Promise<RouterLink | undefined> {
  const { annotations = {}, namespace } = pod.metadata
  const name = annotations[ROUTER_ANNOTATION]
  if (name !== undefined && namespace !== undefined) {
    const router = await client.find(EgressRouter, { namespace, name })
    if (!router) throw new RouterSettingsError(`there is no EgressRouter ${namespace}/${name}`)
    const { mode, master } = router.spec.networkInterface.macvlan
    const settings = routerSettings(router.spec)
    const parent = master ? { parent: master } : {}
    return { name: ROUTER_LINK, mode: mode.toLowerCase() as RouterLink['mode'], ...parent, settings }
  }
  const wanted = annotations[MACVLAN_ANNOTATION]
  if (wanted === undefined || wanted === 'false') return undefined
  if (!isPrivileged(pod))
    throw new RouterSettingsError(
      `the pod has the annotation ${MACVLAN_ANNOTATION}, and no container that is privileged`,
    )
  const parent = wanted === 'true' ? {} : { parent: wanted }
  return { name: LEGACY_LINK, mode: 'private', ...parent, ...(await settingsOf(pod, variablesOf)) }
}

/** A container with wrong settings says so itself, in its log. */
async function settingsOf(pod: Pod, variablesOf: VariablesOf): Promise<Pick<RouterLink, 'settings'>> {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const router = all.find(({ image }) => {
    const kind = imageKind(image ?? '')
    return kind?.as === 'builtin' && kind.builtin === 'egress-router'
  })
  if (!router) return {}
  try {
    return { settings: legacySettings(await variablesOf(router)) }
  } catch (error) {
    if (error instanceof RouterSettingsError) return {}
    throw error
  }
}
