/** Who makes a request. */
export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export const UNAUTHENTICATED = 'system:unauthenticated'
export const ANONYMOUS: User = { name: 'system:anonymous', groups: [UNAUTHENTICATED] }
export const MASTERS = 'system:masters'
export const AUTHENTICATED = 'system:authenticated'

/** The server's own work. */
export const LOOPBACK: User = { name: 'system:apiserver', groups: [MASTERS, AUTHENTICATED] }

const ACCOUNT = 'system:serviceaccount:'

export const accountName = (namespace: string, name: string): string => `${ACCOUNT}${namespace}:${name}`

export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
  AUTHENTICATED,
]

/** A service account, as one who makes requests. */
export const accountUser = (namespace: string, name: string): User => ({
  name: accountName(namespace, name),
  groups: accountGroups(namespace),
})

/** The service account that a user name stands for. */
export function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!user.startsWith(ACCOUNT)) return undefined
  const [namespace = '', name = '', ...rest] = user.slice(ACCOUNT.length).split(':')
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name }
}
