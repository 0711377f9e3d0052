/** Manifests that many tests apply: web servers behind a Service, and Routes to it. */

/** One manifest of several objects. */
export const listOf = (...items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })

/** A namespace with three web servers behind a Service, all named web; with a node port where one is given. */
export function webServers(namespace: string, nodePort?: number): readonly object[] {
  const metadata = { name: 'web', namespace }
  const [labels, port] = [{ app: 'web' }, { port: 80, targetPort: 8080 }]
  const containers = [{ name: 'web', image: 'example.com/web', ports: [{ containerPort: 8080 }] }]
  const template = { metadata: { labels }, spec: { containers } }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 3, selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec:
        nodePort === undefined
          ? { selector: labels, ports: [port] }
          : { type: 'NodePort', selector: labels, ports: [{ ...port, nodePort }] },
    },
  ]
}

/** A Route to the Service web whose TLS ends at the router. `more`: further fields of its spec. */
export const edgeRoute = (namespace: string, more: object = {}, metadata: object = {}): object => ({
  apiVersion: 'route.openshift.io/v1',
  kind: 'Route',
  metadata: { name: 'web', namespace, ...metadata },
  spec: { to: { kind: 'Service', name: 'web' }, tls: { termination: 'edge' }, ...more },
})
