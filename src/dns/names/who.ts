import { TokenReview } from '../../api/authentication/token-review.ts'
import type { Client } from '../../client/mod.ts'
import { AUDIENCE } from '../../wire/names/messages.ts'

const NODE_NAME = 'authentication.kubernetes.io/node-name'

export interface Account {
  readonly namespace: string
  readonly name: string
}

/**
 * The node on which the agent runs whose token it is: of the account, for the audience, and bound to a pod or Node. Rejects
 * when it is not, or nobody can say whose it is.
 */
export async function nodeOfAgent(client: Client, token: string, { namespace, name }: Account): Promise<string> {
  const spec = { token, audiences: [AUDIENCE] }
  const { status } = await client.create(TokenReview, { metadata: {}, spec })
  // An API that knows no audiences says nothing of them.
  if (!status?.authenticated || !status.audiences?.includes(AUDIENCE))
    throw new Error(`its token is not valid for ${AUDIENCE}`)
  const account = `system:serviceaccount:${namespace}:${name}`
  if (status.user?.username !== account) throw new Error(`its token is not of ${account}`)
  const [node] = status.user.extra?.[NODE_NAME] ?? []
  if (!node) throw new Error('its token does not say on which node it is: Kubernetes 1.30 and newer write that')
  return node
}
