import { age, humanDuration } from '../../lib/human-duration.ts'
import type { Infer, InferMessage } from '../../schema/field.ts'
import { bytes, int32, list, listOf, map, message, one, ref, STRING, string, time } from '../../schema/field.ts'
import { NAME } from '../meta/columns.ts'
import type { KubeObject } from '../meta/meta.ts'
import { defineKind } from '../meta/meta.ts'
import { signingRequestErrors } from './rules.ts'

const GROUP = 'io.k8s.api.certificates.v1'

export interface CertificateSigningRequestCondition extends InferMessage<typeof CertificateSigningRequestCondition> {}
export const CertificateSigningRequestCondition = message(
  `${GROUP}.CertificateSigningRequestCondition`,
  'What was decided about a request.',
  {
    type: string(1, 'Approved, Denied, Failed, or a type of the signer.', { required: true }),
    status: string(6, 'True, False or Unknown; True for the three that are named.', { required: true }),
    reason: string(2, 'Why, in a word.'),
    message: string(3, 'Why, in a sentence.'),
    lastUpdateTime: time(4, 'When it was last written.'),
    lastTransitionTime: time(5, 'When the status last changed.'),
  },
)

export interface CertificateSigningRequestSpec extends InferMessage<typeof CertificateSigningRequestSpec> {}
export const CertificateSigningRequestSpec = message(
  `${GROUP}.CertificateSigningRequestSpec`,
  'What is asked for, and by whom.',
  {
    request: bytes(1, 'A PKCS #10 request, PEM.', { required: true }),
    signerName: string(7, 'Who should sign it.', { required: true }),
    expirationSeconds: int32(8, 'How long the certificate should hold, in seconds.', { explicit: true }),
    usages: list(5, STRING, 'What the key may be used for.'),
    username: string(2, 'Who asks; the system writes it.'),
    uid: string(3, 'The identity behind the name.'),
    groups: list(4, STRING, "The asker's groups."),
    extra: map(6, listOf(STRING), 'Further facts about the asker.'),
  },
)

export interface CertificateSigningRequestStatus extends InferMessage<typeof CertificateSigningRequestStatus> {}
export const CertificateSigningRequestStatus = message(
  `${GROUP}.CertificateSigningRequestStatus`,
  'What came of a request.',
  {
    conditions: list(
      1,
      ref<CertificateSigningRequestCondition>(CertificateSigningRequestCondition),
      'What was decided.',
      { listType: 'map', listKeys: ['type'] },
    ),
    certificate: bytes(2, 'The certificate, PEM, where one was issued.'),
  },
)

const fields = {
  spec: one(2, ref<CertificateSigningRequestSpec>(CertificateSigningRequestSpec), 'What is asked for.', {
    required: true,
  }),
  status: one(3, ref<CertificateSigningRequestStatus>(CertificateSigningRequestStatus), 'What came of it.'),
}

export interface CertificateSigningRequest extends KubeObject, Infer<typeof fields> {}
export const CertificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  definition: `${GROUP}.CertificateSigningRequest`,
  doc: 'Asks a signer for a certificate.',
  fields,
  subresources: { status: true, connect: ['approval'] },
  validate: signingRequestErrors,
  selectable: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  columns: [
    NAME,
    {
      name: 'Age',
      type: 'string',
      description: 'How long ago the object was created.',
      cell: ({ metadata }, nowMs) => age(metadata.creationTimestamp, nowMs),
    },
    { name: 'SignerName', type: 'string', description: 'Who should sign.', cell: ({ spec }) => spec?.signerName ?? '' },
    { name: 'Requestor', type: 'string', description: 'Who asks.', cell: ({ spec }) => spec?.username ?? '' },
    {
      name: 'RequestedDuration',
      type: 'string',
      description: 'How long the certificate should hold.',
      cell: ({ spec }) =>
        spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    },
    { name: 'Condition', type: 'string', description: 'What was decided.', cell: conditionText },
  ],
})

/** "Approved,Issued", and Pending before anything was decided. */
function conditionText({ status }: CertificateSigningRequest): string {
  const types = (status?.conditions ?? []).map(({ type }) => type)
  const decided = types.includes('Denied') ? 'Denied' : types.includes('Approved') ? 'Approved' : 'Pending'
  return [decided, ...(types.includes('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(
    ',',
  )
}
