import { groupResource } from '../../schema/kind.ts'
import { StatusError } from '../status-error.ts'
import type { Attributes, Authorizer } from './authorizer.ts'
import { refusal } from './authorizer.ts'

/** What anybody may ask, with no certificate at all. */
const OPEN = /^\/(healthz|livez|readyz|version)(\/|$)/

/** Throws StatusError 403. */
export function authorize(authorizer: Authorizer, attributes: Attributes): void {
  if (!attributes.resource && OPEN.test(attributes.path)) return
  const decision = authorizer.authorize(attributes)
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
