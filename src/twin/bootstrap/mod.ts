import type { WorldPlan } from '../plan.ts'
import { adminToken } from './admin-token.ts'
import { clusterDns } from './dns.ts'
import { ingressObjects, nativeClasses } from './ingress.ts'
import { namespaces } from './namespaces.ts'
import { openshiftConfig } from './openshift-config.ts'
import { priorityClasses } from './priority-classes.ts'

/** An object as one would apply it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export interface BootstrapSecrets {
  /** The administrator's token. */
  readonly adminToken: string
  readonly ingress: { readonly certificate: string; readonly key: string; readonly authority: string }
}

/** What an installed cluster holds before its first user comes, in the order in which to create it. Existing objects are left alone. */
export const bootstrapObjects = (plan: WorldPlan, secrets: BootstrapSecrets): readonly Manifest[] => [
  ...namespaces(plan),
  ...priorityClasses(plan),
  ...clusterDns(plan),
  ...nativeClasses,
  ...(plan.config.profile === 'okd' ? [...openshiftConfig(plan), ...ingressObjects(secrets), adminToken(secrets)] : []),
]
