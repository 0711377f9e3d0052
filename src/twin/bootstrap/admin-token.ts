import { createHash } from 'node:crypto'
import type { BootstrapSecrets, Manifest } from './mod.ts'

const PREFIX = 'sha256~'

/** The administrator's token as OpenShift stores one: by its hash. */
export const adminToken = ({ adminToken: token }: BootstrapSecrets): Manifest => ({
  apiVersion: 'oauth.openshift.io/v1',
  kind: 'OAuthAccessToken',
  metadata: { name: PREFIX + createHash('sha256').update(token.slice(PREFIX.length)).digest('base64url') },
  clientName: 'openshift-challenging-client',
  expiresIn: 0,
  scopes: ['user:full'],
  userName: 'kube:admin',
})
