import { Secret } from '../../api/core/secret.ts'
import { ServiceAccount } from '../../api/core/service-account.ts'
import { isConflict, isNotFound } from '../../client/mod.ts'
import { type Controller, type ControllerDeps, keyOf, splitKey, startKeyed, trigger } from '../shared/controller.ts'
import { accountNameOf, decide, type TokenClaim } from './decide.ts'

export interface AccountTokensOptions {
  /** PEM of the authority that signs the API's certificate. */
  readonly rootCa: string
  /** A signed token that never ends, but with its Secret and its account. */
  readonly issue: (claim: TokenClaim) => string
}

/** Fills Secrets of type kubernetes.io/service-account-token with a token of the account that they name. */
export function startAccountTokens(
  deps: ControllerDeps,
  { rootCa, issue }: AccountTokensOptions,
  signal: AbortSignal,
): Promise<Controller> {
  const { client, informers } = deps
  const accounts = informers.of(ServiceAccount)
  const secrets = informers.of(Secret)
  const secretsOf = ({ metadata: { namespace, name } }: ServiceAccount): readonly string[] =>
    secrets
      .list(namespace)
      .filter(secret => accountNameOf(secret) === name)
      .map(keyOf)
  return startKeyed(
    deps,
    {
      name: 'account-tokens',
      triggers: [
        trigger(secrets, secret => (accountNameOf(secret) === undefined ? [] : [keyOf(secret)])),
        trigger(accounts, secretsOf, () => false),
      ],
      async handle(key) {
        const secret = secrets.get(splitKey(key))
        const name = secret && accountNameOf(secret)
        if (!secret || name === undefined || secret.metadata.deletionTimestamp) return
        const { namespace = '', uid, resourceVersion } = secret.metadata
        // The cache may not have the account yet, and a Secret that goes does not come back.
        const account = accounts.get({ namespace, name }) ?? (await client.find(ServiceAccount, { namespace, name }))
        const decision = decide(secret, account, rootCa, issue)
        try {
          if (decision === 'delete')
            await client.delete(Secret, secret.metadata, { preconditions: { uid, resourceVersion } })
          else if (decision) await client.update(Secret, decision)
        } catch (error) {
          if (!isNotFound(error) && !isConflict(error)) throw error
        }
      },
    },
    signal,
  )
}
