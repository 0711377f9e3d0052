import type { Balance, Rejection, RouteFacts } from '../../model/routes/types.ts'
import { classOf, isSharedAmong } from './class.ts'
import { className } from './ledger.ts'

/** What HAProxy did not take. */
export type Refused =
  | { readonly is: 'certificate'; readonly pem: string }
  | { readonly is: 'authorities'; readonly pem: string }
  | { readonly is: 'class'; readonly kind: string }

/** Routes that have something HAProxy refused are not served; the others go on. It is not tried again until they change. */
export interface Refusals {
  add(what: Refused): void
  isMeant(route: RouteFacts, what: Refused): boolean
  faultOf(route: RouteFacts): Rejection | undefined
}

/** `usual`: how Routes are balanced that do not say. */
export function createRefusals(usual?: Balance): Refusals {
  const known: Refused[] = []
  return {
    add: what => void known.push(what),
    isMeant: (route, what) => isMeant(route, what, usual),
    faultOf(route) {
      const what = known.find(one => isMeant(route, one, usual))
      return (
        what && {
          reason: 'ExtendedValidationFailed',
          message: `HAProxy does not accept ${route.ingress ? OF_INGRESS : WORDS[what.is]}`,
        }
      )
    },
  }
}

const WORDS: Readonly<Record<Refused['is'], string>> = {
  certificate: 'spec.tls.certificate',
  authorities: 'spec.tls.destinationCACertificate',
  class: 'what spec.httpHeaders or an annotation sets',
}

const OF_INGRESS = 'what its Secrets or annotations bring'

function isMeant(route: RouteFacts, what: Refused, usual: Balance | undefined): boolean {
  if (what.is === 'certificate') return [route.certificate?.pem, route.backendTls?.certificate].includes(what.pem)
  if (what.is === 'authorities') return [route.destinationCa, route.backendTls?.authorities].includes(what.pem)
  return className(classOf(route, isSharedAmong(route.targets), usual)) === what.kind
}
