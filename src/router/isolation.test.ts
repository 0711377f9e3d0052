import fc from 'fast-check'
import { expect, test } from 'vitest'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { encode } from '../wire/haproxy/dialogue.ts'
import { changesBetween, type Step } from './render/changes.ts'
import { type ProgramText, renderProgram } from './render/program.ts'
import { createWorld, readObjects, type World } from './testing.ts'
import { hostileIngress, hostileRoute, hostileSlice, TENANT } from './testing-hostile.ts'

const CONTROL = readObjects(`
kind: Service
metadata: { name: web }
---
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.128.0.5] }, { addresses: [10.128.0.6] }]
---
kind: Route
metadata: { name: passed }
spec: { host: passed.example.com, to: { name: web }, tls: { termination: passthrough } }
---
kind: Route
metadata: { name: control }
spec:
  host: control.example.com
  path: /shop
  to: { name: web }
  tls: { termination: edge, insecureEdgeTerminationPolicy: Allow }
`)
const control = (): World => {
  const world = createWorld()
  world.planner.setDefaultCertificate(someCertificate)
  for (const object of [...CONTROL, ...TENANT]) world.set(object)
  return world
}
const linesOf = ({ config, files }: ProgramText): readonly string[] => [
  ...config.split('\n'),
  ...[...files]
    .filter(([file]) => file.endsWith('.map'))
    .flatMap(([file, text]) => text.split('\n').map(line => `${file} ${line}`)),
]
const SERVER = String.raw`server s[0-9a-f]{6}\.[0-9a-f]{12} [0-9a-f.:[\]]+:\d+ weight 1 (ssl verify none |maxconn \d+ )*check inter 5000ms pool-max-conn -1 pool-purge-delay 5s`
const RULE = String.raw`http-(request|response) (set-header|add-header|del-header|replace-path) [\x20-\x7e\x80-\uffff]+`
const CLASS = String.raw`balance \w+|hash-type consistent|timeout tunnel \d+ms|use-server %\[var\(txn\.ckv\)\] if { var\(txn\.ckv\) -m found }`
/** What may come beside what is there: entries of maps, and backends with a few known lines. */
const ALLOWED = new RegExp(
  `^(((weights|options|allow|http|https|sni)\\.map ([\\x21-\\x7e]+ [\\x21-\\x7e]+)?)|cookies.map .*|backend [\\w-]+ from [\\w-]+| {2}(${SERVER}|${RULE}|${CLASS})|)$`,
)

/** What Ingresses bring beside: rules of their own backends, in any of which text of theirs may stand, but no other kind of line. */
const INGRESS_RULE =
  /^ {2}(acl (denied|allowed) src|(http-request|http-response) [a-z-]+(\([\w.]+\))?|http-after-response set-header|timeout (connect|tunnel)|option|balance) [\x20-\x7e\x80-\uffff]+$/

/** Every line of the control is there, once more than without it never fewer; what is new has the form it may have. */
function checkProgram(lines: readonly string[], alone: readonly string[]): void {
  const added = counted(lines)
  for (const [line, count] of counted(alone)) {
    const left = (added.get(line) ?? 0) - count
    if (left < 0) throw new Error(`lost: ${line}`)
    added.set(line, left)
  }
  for (const [line, count] of added) if (count > 0 && !INGRESS_RULE.test(line)) expect(line).toMatch(ALLOWED)
}

test('no string of a tenant changes a byte of what another’s Route has, or forms syntax; nothing of it is left', () => {
  const alone = linesOf(renderProgram(control().planner.plan().layout))
  expect(alone.filter(line => line.includes('control.example.com'))).toHaveLength(2)
  const hostile = fc.array(fc.oneof(hostileRoute, hostileIngress, hostileSlice), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(hostile, objects => {
      const world = control()
      const before = world.planner.plan().layout
      for (const object of objects) world.set(object)
      const { layout, ...differences } = world.planner.plan()
      checkProgram(linesOf(renderProgram(layout)), alone)
      const change = changesBetween(before, layout, differences)
      if (change.is === 'steps') for (const step of change.steps) checkStep(step)
      for (const object of objects) world.remove(object)
      expect(mapsOf(renderProgram(world.planner.plan().layout))).toEqual(mapsOf(renderProgram(before)))
    }),
    { numRuns: 200 },
  )
}, 300_000)

/** Lines of maps, in no order. */
const mapsOf = ({ files }: ProgramText): readonly string[] =>
  linesOf({ config: '', files })
    .filter(line => !/^(options|weights)\.map /.test(line))
    .toSorted()

function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

/** Every command is one that is meant, and its payload has as many lines as it has entries. */
function checkStep(step: Step): void {
  if (step.do !== 'run') return
  for (const command of step.commands) {
    expect(command.line).toMatch(
      /^((add|set|del) map|(enable|disable) health|(new|set|commit|del) ssl (cert|ca-file)|(add|del) ssl crt-list) [\x21-\x7e ]+$/,
    )
    expect(command.line).not.toMatch(/[;\\]/)
    const text = encode(command)
    expect(text.split('\n').length).toBe(1 + (command.payload ? command.payload.length + 2 : 1))
  }
}
