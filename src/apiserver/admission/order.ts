import type { HttpsDriver } from '../../host/https/mod.ts'
import type { Cidr } from '../../lib/cidr.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Store } from '../../store/mod.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import type { RoleIndex } from '../auth/rbac/index.ts'
import type { Registry } from '../resource/registry.ts'
import { certificates } from './certificates.ts'
import { defaultIngressClass } from './default-ingress-class.ts'
import { limitRanges } from './limit-range/plugin.ts'
import type { Plugin } from './mod.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { podTolerations } from './pod-defaults.ts'
import { podPriority } from './pod-priority.ts'
import { podSecurity } from './pod-security/plugin.ts'
import { admissionPolicies } from './policies.ts'
import { resourceQuota } from './quota.ts'
import { escalation } from './rbac.ts'
import { ingressConfig } from './route/config.ts'
import { routeCustomHost, routeExternalCertificate } from './route/custom-host.ts'
import { routeHost } from './route/host.ts'
import { routeHsts } from './route/hsts.ts'
import { securityConstraints } from './scc/plugin.ts'
import type { AccountsOptions } from './service-account.ts'
import { podServiceAccount } from './service-account.ts'
import { externalIps } from './service-address/external-ips.ts'
import type { PortRange } from './service-address/ledger.ts'
import { createLedger } from './service-address/ledger.ts'
import { serviceAddresses } from './service-address/plugin.ts'
import { serviceWarnings } from './service-address/warnings.ts'
import type { WebhookParts } from './webhook/plugin.ts'
import { mutatingWebhooks, validatingWebhooks } from './webhook/plugin.ts'

export interface AdmissionParts {
  /** Absent: webhooks cannot be reached, and none is asked. */
  readonly https?: HttpsDriver
  readonly authorizer: Authorizer
  readonly roles: RoleIndex
  readonly store: Store
  readonly clock: Clock
  readonly registry: Registry
  readonly serviceNetworks: readonly Cidr[]
  readonly nodePorts: PortRange
  readonly routeDomain: string
  /** Pods get users and capabilities as OpenShift gives them. */
  readonly securityConstraints: boolean
  /** Pods need an account that is there, and get its token. */
  readonly accounts?: AccountsOptions
}

/** Every plugin in its place, with the reason for the place. */
export function admissionOrder(parts: AdmissionParts): readonly Plugin[] {
  const ingress = ingressConfig(parts.store, parts.registry)
  return [
    // First: whoever creates in a namespace that is not there should hear of that, not of anything else.
    namespaceLifecycle(parts.store, parts.registry),
    // Before constraints: which of them a pod may use is a matter of its account, and they look at its volumes.
    podServiceAccount(parts.store, parts.registry, parts.clock, parts.accounts),
    // By the account.
    ...(parts.securityConstraints ? [securityConstraints(parts.authorizer, parts.store, parts.registry)] : []),
    podPriority(parts.store, parts.registry),
    // What containers leave out must be there before anybody looks at it.
    limitRanges(parts.store, parts.registry),
    podTolerations,
    // Looks at pods as constraints have made them.
    podSecurity(parts.store, parts.registry),
    // At the host that the user asked for, not the one that is filled in.
    routeCustomHost(parts.authorizer),
    routeHost(ingress, parts.routeDomain),
    // Only looks, at the host that was filled in.
    routeHsts(ingress),
    // Only looks.
    routeExternalCertificate(parts.authorizer, parts.store, parts.registry),
    defaultIngressClass(parts.store, parts.registry),
    // Only look: policies see what all others made of the object.
    admissionPolicies(parts, parts.registry),
    // Only looks, and needs nothing of what others fill in.
    escalation(parts.authorizer, parts.roles),
    // Who may decide about requests for certificates; only looks, but for times.
    certificates(parts.authorizer, parts.clock),
    // Only looks, at what the user asked for.
    externalIps(parts.authorizer, parts.store, parts.registry),
    serviceWarnings,
    // Before addresses are taken, as upstream takes them after all admission.
    ...(parts.https ? webhooks({ ...parts, https: parts.https }) : []),
    // Last of those that change: it takes what it must give back when a later one refuses.
    serviceAddresses(parts.store, seed => createLedger(parts.serviceNetworks, parts.nodePorts, seed)),
    // Sees what will be stored, and counts it in until it is.
    resourceQuota(parts.store, parts.registry),
  ]
}

const webhooks = (parts: WebhookParts): readonly Plugin[] => [mutatingWebhooks(parts), validatingWebhooks(parts)]
