import { expect, test } from 'vitest'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { ip } from '../lib/ip.ts'
import { difference, FEATURES, featureProgram, golden, goldenCases, runCase } from './golden.ts'
import { renderProgram, serverLine } from './render/program.ts'
import { createWorld } from './testing.ts'

test.each(goldenCases())('%s', name => {
  const { text } = runCase(name, someCertificate)
  expect(text).toBe(golden(`${name}.out.txt`, text))
})

test('the program of an empty cluster', () => {
  const world = createWorld({}, { alias: 'apps.fairlead.localhost' })
  world.planner.setDefaultCertificate(someCertificate)
  const { config } = renderProgram(world.planner.plan().layout)
  const text = config.replace(
    /backend [\w-]+-[1-9]\d* from \w+\n( {2}(balance|hash-type|use-server) [^\n]*\n)+\n?/g,
    '',
  )
  expect(text).toBe(golden('empty.out.cfg', text))
})

test.each(Object.keys(FEATURES))('what the feature %s adds to a program', feature => {
  const text = difference(featureProgram('', someCertificate), featureProgram(feature, someCertificate))
  expect(text).toBe(golden(`feature-${feature}.out.txt`, text))
})

test.each([
  [undefined, '600ms'],
  [250, '250ms'],
])('pods are checked as often as the Route says, else the IngressController: %s', (checkMs, expected) => {
  const { planner } = createWorld({}, { settings: { times: { check: 600 } } })
  const server = { address: ip('10.128.0.5'), port: 80, checked: true, ...(checkMs ? { checkMs } : {}) }
  expect(serverLine('s', server, planner.plan().layout.listeners).join(' ')).toContain(`inter ${expected}`)
})
