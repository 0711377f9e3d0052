import type { RouteHTTPHeader, RouteHTTPHeaders } from '../../api/route/route-headers.ts'
import type { HeaderAction, HeaderActions } from './types.ts'

const NAME = /^[-!#$%&'*+.0-9A-Z^_`a-z|~]{1,255}$/
const UNTOUCHABLE = ['strict-transport-security', 'proxy', 'cookie', 'set-cookie', 'host']
/** A line of HAProxy's program has a bound of its own. */
const MAX_VALUE = 1500
const MAX_ACTIONS = 20

/** Plain text, `%%`, and the few fetches and converters that are harmless: what the API allows, checked again here. */
const valuePattern = (fetch: string): RegExp =>
  new RegExp(
    `^(?:%(?:%|(?:\\{[-+]?[QXE](?:,[-+]?[QXE])*\\})?\\[(?:${fetch}\\.hdr\\([0-9A-Za-z-]+\\)|ssl_c_der)(?:,(?:lower|base64))*\\])|[^%\\x00-\\x1f\\x7f])+$`,
  )
const VALUES = { request: valuePattern('req'), response: valuePattern('res') } as const

/** Header actions that HAProxy can be given, or what is wrong with them. Source: the validation of route.openshift.io. */
export function readHeaders(headers: RouteHTTPHeaders | undefined): HeaderActions | string | undefined {
  const request = headers?.actions?.request ?? []
  const response = headers?.actions?.response ?? []
  if (request.length + response.length === 0) return undefined
  if (request.length > MAX_ACTIONS || response.length > MAX_ACTIONS) return `has more than ${MAX_ACTIONS} actions`
  const wrong =
    request.map(one => problemOf(one, 'request')).find(Boolean) ??
    response.map(one => problemOf(one, 'response')).find(Boolean)
  return wrong ?? { request: request.map(actionOf), response: response.map(actionOf) }
}

function problemOf({ name, action }: RouteHTTPHeader, way: 'request' | 'response'): string | undefined {
  const isAllowed =
    NAME.test(name) && (name.toLowerCase() === 'host' ? way === 'request' : !UNTOUCHABLE.includes(name.toLowerCase()))
  if (!isAllowed) return `may not change the header ${JSON.stringify(name.slice(0, 64))}`
  if (action.type === 'Delete') return undefined
  const value = action.set?.value ?? ''
  if (action.type !== 'Set' || value.length > MAX_VALUE || !VALUES[way].test(value))
    return `has a value for ${name.slice(0, 64)} that is not served`
  return undefined
}

const actionOf = ({ name, action }: RouteHTTPHeader): HeaderAction => ({
  header: name,
  ...(action.type === 'Set' ? { value: action.set!.value } : {}),
})
