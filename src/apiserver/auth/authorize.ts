import { groupResource } from '../../schema/kind.ts'
import { unauthorized } from '../errors.ts'
import { StatusError } from '../status-error.ts'
import type { Attributes, Authorizer } from './authorizer.ts'
import { refusal } from './authorizer.ts'
import { ANONYMOUS } from './user.ts'

/** What anybody may ask, with no certificate at all. */
const OPEN = /^\/(healthz|livez|readyz|version)(\/|$)/

/** Throws StatusError 401 and 403. */
export async function authorize(authorizer: Authorizer, attributes: Attributes): Promise<void> {
  if (!attributes.resource && OPEN.test(attributes.path)) return
  if (attributes.user === ANONYMOUS) throw unauthorized()
  const decision = await authorizer.authorize(attributes)
  if (decision.allowed) return
  throw forbiddenFor(attributes, refusal(attributes, decision.reason))
}

function forbiddenFor({ resource }: Attributes, why: string): StatusError {
  if (!resource) return new StatusError(403, 'Forbidden', `forbidden: ${why}`, {})
  const name = resource.name === '' ? '' : ` ${JSON.stringify(resource.name)}`
  return new StatusError(403, 'Forbidden', `${groupResource(resource)}${name} is forbidden: ${why}`, {
    ...(resource.name === '' ? {} : { name: resource.name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  })
}
