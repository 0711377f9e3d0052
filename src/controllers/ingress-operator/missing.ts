import { ConfigMap } from '../../api/core/config-map.ts'
import { Secret } from '../../api/core/secret.ts'
import type { IngressController } from '../../api/operator/ingress-controller.ts'
import type { Client } from '../../client/mod.ts'
import { CONFIG_NAMESPACE } from './router-settings.ts'
import { OPERAND_NAMESPACE } from './settings.ts'

/** What an IngressController names and is not there: one sentence each. */
export async function missingOf(client: Client, { spec }: IngressController): Promise<readonly string[]> {
  const said: string[] = []
  const look = async (
    kind: typeof ConfigMap | typeof Secret,
    field: string,
    namespace: string,
    name = '',
  ): Promise<void> => {
    if (name !== '' && !(await client.find<ConfigMap | Secret>(kind as never, { namespace, name })))
      said.push(`spec.${field}: there is no ${kind.kind} ${namespace}/${name}`)
  }
  await look(Secret, 'defaultCertificate', OPERAND_NAMESPACE, spec.defaultCertificate?.name)
  await look(ConfigMap, 'clientTLS.clientCA', CONFIG_NAMESPACE, spec.clientTLS?.clientCA?.name)
  await look(ConfigMap, 'httpErrorCodePages', CONFIG_NAMESPACE, spec.httpErrorCodePages?.name)
  return said
}
