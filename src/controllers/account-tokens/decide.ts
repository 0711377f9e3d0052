/** What becomes of a Secret for a token. Source: k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go. */
import type { Secret } from '../../api/core/secret.ts'
import type { ServiceAccount } from '../../api/core/service-account.ts'

const TYPE = 'kubernetes.io/service-account-token'
const NAME = 'kubernetes.io/service-account.name'
const UID = 'kubernetes.io/service-account.uid'

/** Whose token it is, and with which Secret it lives. */
export interface TokenClaim {
  readonly namespace: string
  readonly secret: string
  readonly account: { readonly name: string; readonly uid: string }
}

/** The account that a Secret is to hold a token of; undefined for all other Secrets. */
export const accountNameOf = ({ type, metadata }: Secret): string | undefined =>
  type === TYPE ? metadata.annotations?.[NAME] : undefined

/** The Secret as it should be, or that it should go with its account; undefined where it is right. */
export function decide(
  secret: Secret,
  account: ServiceAccount | undefined,
  rootCa: string,
  issue: (claim: TokenClaim) => string,
): Secret | 'delete' | undefined {
  const { annotations = {}, namespace = '', name } = secret.metadata
  const wantedUid = annotations[UID]
  if (!account || (wantedUid !== undefined && wantedUid !== account.metadata.uid)) return 'delete'
  const data = secret.data ?? {}
  const base64 = (text: string): string => btoa(text)
  const [authority, space] = [base64(rootCa), base64(namespace)]
  const isRight = data.token && data['ca.crt'] === authority && data.namespace === space && wantedUid !== undefined
  if (isRight) return undefined
  const { uid } = account.metadata
  const token = data.token || base64(issue({ namespace, secret: name, account: { name: account.metadata.name, uid } }))
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations: { ...annotations, [UID]: uid } },
    data: { ...data, token, 'ca.crt': authority, namespace: space },
  }
}
