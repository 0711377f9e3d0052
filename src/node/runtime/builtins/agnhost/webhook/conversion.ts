interface ConversionReview {
  readonly apiVersion: string
  readonly kind: string
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Example[] }
}

interface Example {
  readonly apiVersion: string
  readonly hostPort?: string
  readonly host?: string
  readonly port?: string
}

const V1 = 'stable.example.com/v1'
const V2 = 'stable.example.com/v2'

/** The answer to a ConversionReview: host and port apart in v2, together in v1. */
export function convert({ apiVersion, kind, request }: ConversionReview): unknown {
  const answer = (result: object, convertedObjects: readonly Example[] = []): unknown => ({
    kind,
    apiVersion,
    response: { uid: request.uid, convertedObjects, result: { metadata: {}, ...result } },
  })
  const converted: Example[] = []
  for (const object of request.objects) {
    const result = convertOne(object, request.desiredAPIVersion)
    if (typeof result === 'string') return answer({ status: 'Failure', message: result })
    converted.push(result)
  }
  return answer({ status: 'Success' }, converted)
}

/** Text: why not. */
function convertOne(object: Example, to: string): Example | string {
  const { apiVersion: from, hostPort, host, port, ...rest } = object
  if (from === to) return `conversion from a version to itself should not call the webhook: ${to}`
  if (from === V1 && to === V2) {
    if (hostPort === undefined) return { ...rest, apiVersion: to }
    const parts = hostPort.split(':')
    if (parts.length !== 2) return `invalid hostPort value \`${hostPort}\``
    return { ...rest, apiVersion: to, host: parts[0]!, port: parts[1]! }
  }
  if (from === V2 && to === V1)
    return {
      ...rest,
      apiVersion: to,
      ...(host === undefined && port === undefined ? {} : { hostPort: `${host ?? ''}:${port ?? ''}` }),
    }
  return `unexpected conversion version ${JSON.stringify(from === V1 || from === V2 ? to : from)}`
}
