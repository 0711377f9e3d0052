import { CONTROLLERS } from '../../model/ingress/classes.ts'
import type { BootstrapSecrets, Manifest } from './mod.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Classes that routers serve themselves: as the specification has it, and with the annotations of ingress-nginx. */
export const nativeClasses: readonly Manifest[] = (
  [
    ['fairlead', CONTROLLERS.plain],
    ['nginx', CONTROLLERS.nginx],
  ] as const
).map(([name, controller]) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name },
  spec: { controller },
}))

export const ingressObjects = ({ ingress }: BootstrapSecrets): readonly Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'router-certs-default', namespace: 'openshift-ingress' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(ingress.certificate + ingress.authority), 'tls.key': base64(ingress.key) },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'default-ingress-cert', namespace: 'openshift-config-managed' },
    data: { 'ca-bundle.crt': ingress.authority },
  },
  {
    apiVersion: 'operator.openshift.io/v1',
    kind: 'IngressController',
    metadata: { name: 'default', namespace: 'openshift-ingress-operator' },
    spec: {},
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'openshift-default' },
    spec: {
      controller: 'openshift.io/ingress-to-route',
      parameters: { apiGroup: 'operator.openshift.io', kind: 'IngressController', name: 'default', scope: 'Cluster' },
    },
  },
]
