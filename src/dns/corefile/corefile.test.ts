import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileCorefile } from './compile.ts'
import { CorefileError, parseCorefile } from './parse.ts'
import { compileRewrite, rewritten } from './rewrite.ts'

/** As kubeadm writes it. */
const KUBEADM = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`

test("kubeadm's Corefile is understood", () => {
  const { sites } = compileCorefile(KUBEADM)
  expect(sites).toEqual([
    {
      zones: ['.'],
      port: 53,
      kubernetes: {
        domain: 'cluster.local.',
        pods: 'insecure',
        ttl: 30,
        fallthrough: ['in-addr.arpa.', 'ip6.arpa.'],
      },
      rewrites: [],
      forwards: [expect.objectContaining({ from: '.', to: [{ is: 'system' }], policy: 'random' })],
      cache: expect.objectContaining({ positiveSeconds: 30, negativeSeconds: 30, staleSeconds: 0 }),
      logClass: 'none',
      loadbalance: true,
    },
  ])
})

test('servers of zones, with policies, TLS and stale answers', () => {
  const { sites } = compileCorefile(
    `# foo
foo.com:5353 Example.ORG:5353 {
    forward . tls://192.0.2.1 tls://192.0.2.2:8853 [2001:db8::1]:53 {
        tls_servername dns.example
        policy round_robin
        force_tcp
        except a.foo.com
    }
    log . { class denial error }
    cache 900 { denial 9984 30; } # a comment
}
`
      .replace('{ denial 9984 30; }', '{\n denial 9984 30\n serve_stale 1h30m verify\n}')
      .replace('{ class denial error }', '{\n class denial error\n}'),
  )
  expect(sites[0]).toMatchObject({
    zones: ['foo.com.', 'example.org.'],
    port: 5353,
    logClass: 'denial',
    cache: { positiveSeconds: 900, negativeSeconds: 30, staleSeconds: 5400, isStaleVerified: true },
    forwards: [
      {
        policy: 'round_robin',
        isTcpForced: true,
        except: ['a.foo.com.'],
        tlsServerName: 'dns.example',
        to: [
          { is: 'server', address: '192.0.2.1', port: 853, isTls: true },
          { is: 'server', address: '192.0.2.2', port: 8853, isTls: true },
          { is: 'server', address: '2001:db8::1', port: 53, isTls: false },
        ],
      },
    ],
  })
})

describe('what cannot be understood is refused with its line', () => {
  test.each<[string, string]>([
    ['. {\n  forward . {\n  }\n}', 'Corefile:2: forward needs a zone and servers'],
    [
      '. {\n  kubernetes cluster.local {\n    namespaces a\n  }\n}',
      'Corefile:3: kubernetes does not understand "namespaces"',
    ],
    ['. {\n  nonsense\n}', 'Corefile:2: the plugin "nonsense" is not known'],
    ['. {\n  errors\n', 'Corefile:1: this block does not end'],
    ['. {\n  forward . example.com\n}', 'Corefile:2: "example.com" is no address of a server'],
    [
      '. {\n  forward . 192.0.2.1 {\n    policy best\n  }\n}',
      'Corefile:3: the policy may be random, round_robin, sequential, not "best"',
    ],
    ['. {\n  rewrite name regex (a+)+b c.\n}', 'Corefile:2: this pattern is too costly'],
    ['tls://. {\n}', 'Corefile:1: servers of tls:// are not served'],
    ['. {\n  hosts /etc/hosts\n}', 'Corefile:2: hosts takes its lines in braces, no file'],
    ['nothing', 'Corefile:1: expected "<zones> {", found "nothing"'],
  ])('%s', (text, message) => {
    expect(() => compileCorefile(text)).toThrow(message)
  })

  test('whatever the bytes', () => {
    const word = fc.constantFrom('{', '}', '\n', ' ', '.', 'forward', '"', '#', 'cache', 'hosts', '1.1.1.1', 'x')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map(words => words.join(' ')),
        ),
        text => {
          try {
            compileCorefile(text)
          } catch (error) {
            expect(error).toBeInstanceOf(CorefileError)
          }
        },
      ),
    )
  })
})

test('names are rewritten, and answers bear the name that was asked for', () => {
  const rule = (...args: string[]) => compileRewrite({ name: 'rewrite', args, block: [], line: 1 })
  const to = (name: string, ...rules: ReturnType<typeof rule>[]) => rewritten(rules, name)?.name
  expect(rewritten([rule('name', 'a.test', 'b.test')], 'a.test.')).toEqual({ name: 'b.test.', isAnswerRestored: true })
  expect(to('x.a.test.', rule('name', 'suffix', '.a.test', '.b.test'))).toBe('x.b.test.')
  expect(to('x.a.test.', rule('name', 'prefix', 'x.', 'y.'))).toBe('y.a.test.')
  expect(to('aba.', rule('name', 'substring', 'b', 'c'))).toBe('aca.')
  expect(to('web-1.test.', rule('name', 'regex', '(.*)-(\\d)\\.test\\.', '{2}.{1}.svc'))).toBe('1.web.svc.')
  expect(to('other.', rule('name', 'a.test', 'b.test'))).toBeUndefined()
  const [first, last] = [rule('continue', 'name', 'a.test', 'b.test'), rule('stop', 'name', 'b.test', 'c.test')]
  expect(to('a.test.', first, last)).toBe('c.test.')
  expect(to('a.test.', rule('name', 'a.test', 'b.test'), last)).toBe('b.test.')
  expect(() => rule('type', 'ANY', 'HINFO')).toThrow('rewrite takes rules of names')
})

test('a brace in quotes is text', () => {
  expect(parseCorefile('. {\n  log . "{type}" {\n class all\n }\n}')[0]?.directives[0]?.args).toEqual(['.', '{type}'])
})
