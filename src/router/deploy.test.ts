import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { parseRouterArgs } from '../model/routes/options.ts'

const manifests = parseAllDocuments(
  readFileSync(join(import.meta.dirname, '../../deploy/router/router.yaml'), 'utf8'),
).map(document => document.toJSON())
const find = (kind: string) => manifests.filter(one => one.kind === kind)

test('the arguments of the manifest are those of a router', () => {
  const [deployment] = find('Deployment')
  const [, ...args] = deployment.spec.template.spec.containers[0].args as string[]
  const options = parseRouterArgs(args.filter(arg => !arg.startsWith('--kubeconfig=')))
  expect(options).toMatchObject({ controller: 'default', httpPort: 8080, httpsPort: 8443 })
  const names = find('Role')[0].rules.flatMap((rule: { resourceNames: string[] }) => rule.resourceNames)
  expect(names.map((name: string) => `openshift-ingress/${name}`)).toEqual([
    options.defaultCertificate,
    options.serviceCa,
  ])
})

test('no right is wider than it must be: nothing may be written but status and events, no Secret read but by name', () => {
  const rules = find('ClusterRole')[0].rules as { resources: string[]; verbs: string[] }[]
  for (const { resources, verbs } of rules) {
    expect(resources).not.toContain('secrets')
    expect([...resources, ...verbs]).not.toContain('*')
    if (verbs.some(verb => !['get', 'list', 'watch'].includes(verb)))
      expect(['routes/status', 'ingresses/status', 'events']).toContain(resources[0])
  }
})
