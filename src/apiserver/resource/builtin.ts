import { eventIn } from '../../api/events/event.ts'
import type { Kind } from '../../schema/kind.ts'
import { apiVersionOf, groupResource } from '../../schema/kind.ts'
import type { Conversion, Resource } from './resource.ts'
import { builtinResource, namespaceView, prefixOf } from './resource.ts'

/** Told to whoever uses a type, in the words of upstream. */
const DEPRECATED: Readonly<Record<string, string>> = {
  'v1 Endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
}

const eventConversion: Conversion = async (objects, apiVersion) => objects.map(object => eventIn(object, apiVersion))

/** The objects of another built-in type, in a form of its own. */
const VIEWS: Readonly<Record<string, (kind: Kind) => Resource>> = {
  'projects.project.openshift.io': namespaceView,
  'events.events.k8s.io': kind => ({
    ...builtinResource(kind),
    storageVersion: 'v1',
    prefix: prefixOf('', 'events'),
    conversion: eventConversion,
  }),
}

/** The stored type of a built-in kind. */
export function storedResource(kind: Kind): Resource {
  const made = (VIEWS[groupResource(kind)] ?? builtinResource)(kind)
  const deprecation = DEPRECATED[`${apiVersionOf(kind)} ${kind.kind}`]
  return deprecation === undefined ? made : { ...made, deprecation }
}
