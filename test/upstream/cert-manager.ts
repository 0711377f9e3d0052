/** cert-manager in a twin's outside world, and an ACME server on its internet. */
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { Twin } from '../harness.ts'
import { FAIRLEAD, must, start, until } from '../harness.ts'
import { moduleFolder, programPath } from './programs.ts'

const INTERNET = '203.0.113.10'
export const HOSTS = ['ingress.apps.fairlead.test', 'route.apps.fairlead.test'] as const
/** Of the Certificates of those hosts, which have the same names. */
export const SECRETS = ['ingress-tls', 'route-tls']

interface Running {
  said(): string
}

/** The world ends what runs in it. */
function startInside(twin: Twin, host: string, ...command: string[]): Running {
  const child = start(FAIRLEAD, ['exec', '--name', twin.name, host, '--', ...command], twin.env)
  let text = ''
  const hear = (chunk: Buffer): void => {
    text += String(chunk)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  return { said: () => text }
}

/** Starts a server that trusts a name once it finds the challenge on port 80 of it. Gives back its root, as a file. */
export async function startAcme(twin: Twin): Promise<string> {
  const file = (name: string): string => join(twin.dataHome, name)
  const [key, certificate] = [file('acme.key'), file('acme.crt')]
  const subject = ['-subj', '/CN=acme', '-addext', `subjectAltName=IP:${INTERNET}`]
  await must('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ])
  const pebble = {
    listenAddress: `${INTERNET}:14000`,
    managementListenAddress: `${INTERNET}:15000`,
    certificate,
    privateKey: key,
    httpPort: 80,
    tlsPort: 443,
  }
  writeFileSync(file('acme.json'), JSON.stringify({ pebble }))
  const settings = ['PEBBLE_VA_NOSLEEP=1', 'PEBBLE_WFE_NONCEREJECT=0', 'PEBBLE_AUTHZREUSE=100']
  const command = ['env', ...settings, programPath('pebble'), '-config', file('acme.json')]
  const server = startInside(twin, 'internet', ...command)
  await until('an ACME server', async () => server.said().includes('directory available'))
  const asked = await twin.fairlead('exec', 'client', '--', 'curl', '-sSk', `https://${INTERNET}:15000/roots/0`)
  writeFileSync(file('acme-root.pem'), asked.stdout)
  return file('acme-root.pem')
}

/** Its definitions as they are shipped. */
export async function installCertManager(twin: Twin): Promise<void> {
  const definitions = join(moduleFolder('github.com/cert-manager/cert-manager'), 'deploy/crds')
  await twin.kubectl('apply', '--server-side', '-f', definitions)
  await twin.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=90s')
}

export async function startCertManager(twin: Twin): Promise<void> {
  const address = await twin.kubectl(...['get', 'node', 'node-1', '-o', 'jsonpath={.status.addresses[0].address}'])
  const inside = join(twin.dataHome, 'inside.kubeconfig')
  const kubeconfig = readFileSync(twin.env.KUBECONFIG!, 'utf8')
  writeFileSync(inside, kubeconfig.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://${address}:6443`))
  const running = startInside(twin, 'client', programPath('certmanager'), inside)
  await until('cert-manager', async () => running.said().includes('cert-manager runs'))
}

/** The serial number of the certificate that a client of this machine is shown; or why it trusts none of this name from that authority. */
export function shown(twin: Twin, root: string, servername: string): Promise<string> {
  const options = { host: '127.0.0.1', port: twin.state.https, servername, ca: readFileSync(root) }
  return new Promise(resolve => {
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

/** The serial number of the certificate in a Secret. */
export async function serial(twin: Twin, secret: string): Promise<string> {
  const text = await twin.kubectl('-n', 'issued', 'get', 'secret', secret, '-o', 'jsonpath={.data.tls\\.crt}')
  return new X509Certificate(Buffer.from(text, 'base64')).serialNumber
}

export const OWNERS = `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: acme}
spec:
  acme:
    server: https://${INTERNET}:14000/dir
    skipTLSVerify: true
    privateKeySecretRef: {name: account}
    solvers: [{http01: {ingress: {ingressClassName: fairlead}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: example.com/shop, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {cert-manager.io/issuer: acme}}
spec:
  ingressClassName: fairlead
  tls: [{hosts: [ingress.apps.fairlead.test], secretName: ingress-tls}]
  rules:
    - host: ingress.apps.fairlead.test
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: shop}
spec:
  host: route.apps.fairlead.test
  to: {kind: Service, name: shop}
  tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: route-tls}
spec: {secretName: route-tls, dnsNames: [route.apps.fairlead.test], issuerRef: {name: acme}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: elsewhere}
spec: {secretName: elsewhere, dnsNames: [www.example.com], issuerRef: {name: acme}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: route-tls}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [route-tls], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: route-tls}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: route-tls}
subjects: [{kind: ServiceAccount, name: router, namespace: openshift-ingress}]
`
