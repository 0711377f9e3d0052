/** May somebody do something. Source: k8s.io/apiserver/pkg/cel/library/authz.go. */
import type { Question, Special, Value } from '../value.ts'
import { isSpecial } from '../value.ts'
import type { Body, Library } from './mod.ts'

type Authorizer = Special & { readonly cel: 'authorizer' }

const isAuthorizer = (value: Value | undefined): value is Authorizer =>
  value !== undefined && isSpecial(value) && value.cel === 'authorizer'

/** Adds to the question what texts say, in the stages in which it may be said. */
const asking =
  (stages: readonly Question['is'][], more: (...texts: string[]) => Partial<Question>, count = 1): Body =>
  (of, ...args) => {
    if (!isAuthorizer(of) || !stages.includes(of.question.is) || args.length !== count) return undefined
    if (!args.every(arg => typeof arg === 'string')) return undefined
    return { ...of, question: { ...of.question, ...more(...(args as string[])) } }
  }

const decided =
  (read: (decision: Special & { readonly cel: 'decision' }) => Value): Body =>
  of =>
    isSpecial(of!) && of.cel === 'decision' ? read(of) : undefined

const same = (): Partial<Question> => ({})

export const authorizer: Library = {
  methods: {
    path: asking(['user'], path => ({ is: 'path', path })),
    group: asking(['user'], group => ({ is: 'group', group })),
    serviceAccount: asking(['user'], (namespace, name) => ({ account: { namespace: namespace!, name: name! } }), 2),
    resource: asking(['group'], resource => ({ is: 'resource', resource })),
    subresource: asking(['resource'], subresource => ({ subresource })),
    namespace: asking(['resource'], namespace => ({ namespace })),
    name: asking(['resource'], name => ({ name })),
    // They only narrow what is asked for: an authorizer that does not know of them decides without.
    fieldSelector: asking(['resource'], same),
    labelSelector: asking(['resource'], same),
    check: (of, verb) => {
      if (!isAuthorizer(of) || typeof verb !== 'string') return undefined
      const { is } = of.question
      return is === 'resource' || is === 'path' ? { cel: 'decision', ...of.decide(of.question, verb) } : undefined
    },
    allowed: decided(({ allowed }) => allowed),
    reason: decided(({ reason }) => reason),
    errored: decided(() => false),
    error: decided(() => ''),
  },
}
