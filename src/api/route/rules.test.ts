import { describe, expect, it } from 'vitest'
import { errorsOf, NO_LABEL, specOf, stored } from '../testing.ts'
import { Route } from './route.ts'

describe('routes', () => {
  const to = { kind: 'Service', name: 'web' }
  const route = (spec: object) => ({ spec: { host: 'a.test', to, ...spec } })

  it('get their defaults', () => {
    expect(specOf(stored(Route, { spec: { to: { name: 'web' }, tls: {} } }))).toEqual({
      to: { kind: 'Service', name: 'web', weight: 100 },
      tls: { termination: 'edge' },
      wildcardPolicy: 'None',
    })
    expect(specOf(stored(Route, route({ tls: { termination: 'Reencrypt' } }))).tls).toEqual({
      termination: 'reencrypt',
    })
  })

  it('keep their host when an update leaves it out', () => {
    const old = stored(Route, route({}))
    expect(specOf(stored(Route, { spec: { to } }, old)).host).toBe('a.test')
  })

  it.each<[object, readonly string[]]>([
    [route({ path: '/x', alternateBackends: [{ kind: 'Service', name: 'b', weight: 0 }] }), []],
    [
      route({ host: 'A.test' }),
      ['spec.host: Invalid: host must conform to DNS 952 subdomain conventions', `spec.host: Invalid: ${NO_LABEL}`],
    ],
    [route({ path: 'x' }), ['spec.path: Invalid: path must begin with /']],
    [route({ path: '/a b' }), ["spec.path: Invalid: path must not contain '#' or a space"]],
    [
      route({ path: '/x', tls: { termination: 'passthrough' } }),
      ['spec.path: Invalid: passthrough termination does not support paths'],
    ],
    [
      route({ to: { kind: 'Service', name: 'web', weight: 300 } }),
      ['spec.to.weight: Invalid: weight must be an integer between 0 and 256'],
    ],
    [route({ port: { targetPort: '' } }), ['spec.port.targetPort: Required']],
    [
      route({ tls: { termination: 'edge', destinationCACertificate: 'x' } }),
      ['spec.tls.destinationCACertificate: Invalid: edge termination does not support destination certificates'],
    ],
    [
      route({ tls: { termination: 'passthrough', insecureEdgeTerminationPolicy: 'Allow' } }),
      [
        'spec.tls.insecureEdgeTerminationPolicy: Invalid: cannot have both spec.tls.termination: passthrough and spec.tls.insecureEdgeTerminationPolicy: Allow',
      ],
    ],
    [route({ tls: { termination: 'edge', insecureEdgeTerminationPolicy: 'Redirect' } }), []],
    [
      route({ alternateBackends: Array.from({ length: 4 }, (_, index) => ({ kind: 'Service', name: `b${index}` })) }),
      ['spec.alternateBackends: Required: cannot specify more than 3 alternate backends'],
    ],
  ])('%j', (object, errors) => {
    expect(errorsOf(Route, object)).toEqual(errors)
  })

  it.each<[object, readonly string[]]>([
    [{ name: 'X-A', action: { type: 'Set', set: { value: 'plain 100%%' } } }, []],
    [{ name: 'X-A', action: { type: 'Set', set: { value: '%[req.hdr(Host),lower]' } } }, []],
    [{ name: 'X-A', action: { type: 'Delete' } }, []],
    [
      { name: 'X-A', action: { type: 'Set', set: { value: '%[src]' } } },
      [expect.stringContaining('action.set.value: Invalid') as never],
    ],
    [
      { name: 'X-A', action: { type: 'Set', set: { value: 'a\nhttp-request deny' } } },
      [expect.stringContaining('action.set.value: Invalid') as never],
    ],
    [
      { name: 'X A', action: { type: 'Delete' } },
      [expect.stringContaining('name must be a valid HTTP header name') as never],
    ],
    [
      { name: 'Cookie', action: { type: 'Delete' } },
      ['spec.httpHeaders.actions.request[0].name: Invalid: cookie header may not be modified via header actions'],
    ],
    [
      { name: 'X-A', action: { type: 'Set' } },
      [
        'spec.httpHeaders.actions.request[0].action.set: Invalid: set is required when type is Set, and forbidden otherwise',
      ],
    ],
  ])('header action %j', (action, errors) => {
    expect(errorsOf(Route, route({ httpHeaders: { actions: { request: [action] } } }))).toEqual(errors)
  })
})
