import type { SliceSizes } from '../controllers/endpointslice/controller.ts'
import type { Cidr } from '../lib/cidr.ts'
import { cidr, parseCidr } from '../lib/cidr.ts'
import { UserError } from '../lib/errors.ts'
import type { Family } from '../lib/ip.ts'
import type { ClusterNetwork, Networks } from './config.ts'

interface FileSettings {
  readonly clusterNetwork?: ClusterNetwork
  readonly serviceNetwork?: Cidr
  readonly machineNetwork?: Cidr
  readonly ipv6?: Partial<Networks>
  readonly mtu?: number
  readonly transport?: 'vxlan' | 'host-gw'
  readonly sliceSizes?: SliceSizes
}

/** The `networking` part of an OpenShift install-config; the rest of such a file is passed over. Throws UserError (ConfigFile). */
export async function readInstallConfig({ path, text }: { path: string; text: string }): Promise<FileSettings> {
  const [{ parse }, Networking] = await Promise.all([import('yaml'), networkingSchema()])
  const refuse = (message: string): never => {
    throw new UserError('ConfigFile', `${path}: ${message}`, {
      hint: 'it takes the networking part of an OpenShift install-config: clusterNetwork, serviceNetwork, machineNetwork, clusterNetworkMTU; and transport, maxEndpointsPerSlice, mirroringMaxEndpointsPerSubset',
    })
  }
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 20 })
  } catch (error) {
    refuse(`not YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
  }
  const networking = (document as { networking?: unknown } | null)?.networking
  if (networking === undefined) refuse('has no "networking"')
  const parsed = Networking.safeParse(networking)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    refuse(`networking.${issue.path.join('.')}: ${issue.message}`)
  }
  const { clusterNetwork, serviceNetwork, machineNetwork, clusterNetworkMTU, transport, ...others } = parsed.data!
  const ipv6 = {
    ...(clusterNetwork?.[1] ? { clusterNetwork: rangeOf(clusterNetwork[1]) } : {}),
    ...(serviceNetwork?.[1] ? { serviceNetwork: cidr(serviceNetwork[1]) } : {}),
    ...(machineNetwork?.[1] ? { machineNetwork: cidr(machineNetwork[1].cidr) } : {}),
  }
  const { maxEndpointsPerSlice, mirroringMaxEndpointsPerSubset } = others
  const sliceSizes = {
    ...(maxEndpointsPerSlice ? { maxEndpointsPerSlice } : {}),
    ...(mirroringMaxEndpointsPerSubset ? { mirroringMaxEndpointsPerSubset } : {}),
  }
  return {
    ...(clusterNetwork ? { clusterNetwork: rangeOf(clusterNetwork[0]) } : {}),
    ...(serviceNetwork ? { serviceNetwork: cidr(serviceNetwork[0]) } : {}),
    ...(machineNetwork ? { machineNetwork: cidr(machineNetwork[0].cidr) } : {}),
    ...(Object.keys(ipv6).length > 0 ? { ipv6 } : {}),
    ...(clusterNetworkMTU ? { mtu: clusterNetworkMTU } : {}),
    ...(transport ? { transport } : {}),
    ...(Object.keys(sliceSizes).length > 0 ? { sliceSizes } : {}),
  }
}

const rangeOf = (entry: { readonly cidr: string; readonly hostPrefix: number }): ClusterNetwork => ({
  cidr: cidr(entry.cidr),
  hostPrefix: entry.hostPrefix,
})

/** Lists have one entry, or one of each family, IPv4 first. */
async function networkingSchema() {
  const { z } = await import('zod')
  const network = (family: Family, example: string) =>
    z.string().refine(value => parseCidr(value)?.family === family, {
      message: `must be an IPv${family} network such as ${example}`,
    })
  const v4 = network(4, '10.128.0.0/14')
  const v6 = network(6, 'fd01::/48')
  const hostPrefix = z.int().min(1)
  const perSlice = z.int().min(1).max(1000)
  return z.strictObject({
    networkType: z.enum(['OVNKubernetes']).optional(),
    clusterNetwork: z
      .tuple([
        z.strictObject({ cidr: v4, hostPrefix: hostPrefix.max(32) }),
        z.strictObject({ cidr: v6, hostPrefix: hostPrefix.max(128) }).optional(),
      ])
      .optional(),
    serviceNetwork: z.tuple([v4, v6.optional()]).optional(),
    machineNetwork: z.tuple([z.strictObject({ cidr: v4 }), z.strictObject({ cidr: v6 }).optional()]).optional(),
    clusterNetworkMTU: z.int().min(576).max(1450).optional(),
    transport: z.enum(['vxlan', 'host-gw']).optional(),
    maxEndpointsPerSlice: perSlice.optional(),
    mirroringMaxEndpointsPerSubset: perSlice.optional(),
  })
}
