import type { Infer } from '../../schema/field.ts'
import { int32, int64, list, STRING, string } from '../../schema/field.ts'
import { AGE, NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'

const accessTokenFields = {
  clientName: string(2, 'The client it was made for.'),
  expiresIn: int64(3, 'How long it is valid after its creation, in seconds; for ever where 0.'),
  scopes: list(4, STRING, 'What it is good for.'),
  redirectURI: string(5, 'Where the client was sent to with it.'),
  userName: string(6, 'Whose it is.'),
  userUID: string(7, 'The identity behind that name.'),
  authorizeToken: string(8, 'The code it was given for.'),
  refreshToken: string(9, 'What a new one is had for.'),
  inactivityTimeoutSeconds: int32(10, 'How long it may lie unused; for ever where 0.'),
}

export interface OAuthAccessToken extends KubeObject, Infer<typeof accessTokenFields> {}
export const OAuthAccessToken = defineKind<OAuthAccessToken>({
  group: 'oauth.openshift.io',
  version: 'v1',
  kind: 'OAuthAccessToken',
  plural: 'oauthaccesstokens',
  namespaced: false,
  definition: 'com.github.openshift.api.oauth.v1.OAuthAccessToken',
  doc: 'A token of a person. Its name is the hash of the token, which is stored nowhere.',
  fields: accessTokenFields,
  columns: [
    NAME,
    { name: 'User Name', type: 'string', description: 'Whose it is.', cell: ({ userName }) => userName ?? '' },
    {
      name: 'Client',
      type: 'string',
      description: 'What it was made for.',
      cell: ({ clientName }) => clientName ?? '',
    },
    AGE,
  ],
})
