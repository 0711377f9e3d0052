import { expect, test } from 'vitest'
import { UserError } from '../../lib/errors.ts'
import { parseRouterArgs, ROUTER_DEFAULTS, type RouterOptions, routerArgs } from './options.ts'

test('what the operator writes, the router reads', () => {
  const options: RouterOptions = {
    ...ROUTER_DEFAULTS,
    controller: 'ext',
    domain: 'ext.example.com',
    alias: 'ext.localhost',
    namespaceOwnership: 'InterNamespaceAllowed',
    wildcards: true,
    httpPort: 8080,
    accessLog: false,
  }
  expect(parseRouterArgs(routerArgs(options))).toEqual(options)
  expect(parseRouterArgs(routerArgs(ROUTER_DEFAULTS))).toEqual(ROUTER_DEFAULTS)
  expect(parseRouterArgs([])).toEqual(ROUTER_DEFAULTS)
})

test.each([
  '--nonsense=1',
  '--http-port',
  'http-port=80',
  '--http-port=0',
  '--http-port=x',
  '--wildcards=yes',
  '--namespace-ownership=Loose',
])('refuses %s', arg => {
  expect(parseRouterArgs(['--http-port=8080']).httpPort).toBe(8080)
  expect(() => parseRouterArgs([arg])).toThrow(UserError)
})
