import { createServer } from 'node:net'
import { connect, createSecureContext, TLSSocket } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { Node } from '../../../../api/core/node.ts'
import { EndpointSlice } from '../../../../api/discovery/endpoint-slice.ts'
import type { TestBench } from '../../../../client/testing.ts'
import { eventually, settled, testBench } from '../../../../client/testing.ts'
import type { TransportRequest } from '../../../../client/transport.ts'
import { ConnectionError } from '../../../../client/transport.ts'
import type { NameGate } from '../../../../dns/names/gate.ts'
import { serveNames } from '../../../../dns/names/gate.ts'
import { tlsDoor } from '../../../../dns/names/tls-door.ts'
import { replyTo } from '../../../../dns/zone/respond.ts'
import type { FakeClock } from '../../../../host/clock/fake.ts'
import { fakeClock } from '../../../../host/clock/fake.ts'
import type { Netns } from '../../../../host/netns/mod.ts'
import { fakeSockets } from '../../../../host/socket/fake.ts'
import type { Ip } from '../../../../lib/ip.ts'
import { ip } from '../../../../lib/ip.ts'
import { silent } from '../../../../lib/log.ts'
import { issue, makeAuthority } from '../../../../twin/pki.ts'
import { decode } from '../../../../wire/dns/decode.ts'
import type { Message } from '../../../../wire/dns/message.ts'
import { CLASS, TYPE } from '../../../../wire/dns/message.ts'
import { lineOf } from '../../../../wire/names/messages.ts'
import { createServers } from './servers.ts'

const NOW = Date.now()
const AUTHORITY = makeAuthority('service-ca', NOW)
const pairOf = (name: string, authority = AUTHORITY) => {
  const { certificate, key } = issue(authority, { commonName: name, names: [name] }, NOW)
  return { cert: certificate, key }
}
const RIGHT = pairOf('dns.fairlead.svc')
const PORT = 5354
const CLIENT = ip('10.128.0.5')
const SERVER = ip('10.128.2.3')
const OTHER = ip('10.130.0.3')
const netnsOf = (address: Ip): Netns =>
  ({ path: `/run/netns/${address}`, fd: Number(address.split('.').at(-2)) }) as never
const HOME = netnsOf(CLIENT)

/** Who the API says has the token: account and node. */
const ACCOUNT = 'system:serviceaccount:fairlead:agent'
const TOKENS: Readonly<Record<string, object>> = {
  right: { username: ACCOUNT, node: 'node-1' },
  other: { username: 'system:serviceaccount:shop:default', node: 'node-1' },
  nowhere: { username: ACCOUNT },
  broad: { username: ACCOUNT, node: 'node-1', audiences: ['https://kubernetes.default.svc'] },
}
function review(request: TransportRequest) {
  if (!request.path.endsWith('/tokenreviews')) return undefined
  const { spec } = JSON.parse(String(request.body)) as { spec: { token: string; audiences: readonly string[] } }
  const found = TOKENS[spec.token] as { username: string; node?: string; audiences?: readonly string[] } | undefined
  const extra = found?.node ? { 'authentication.kubernetes.io/node-name': [found.node] } : {}
  const status = found
    ? { authenticated: true, audiences: found.audiences ?? spec.audiences, user: { username: found.username, extra } }
    : { user: {}, error: 'unknown' }
  const body = Buffer.from(
    JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec, status }),
  )
  return { status: 201, headers: { 'content-type': 'application/json' }, body }
}

const benches: TestBench[] = []
afterEach(() => {
  for (const bench of benches.splice(0)) bench.close()
})

function world() {
  const sockets = fakeSockets((_, address) => netnsOf(address))
  const [clock, bench] = [fakeClock(), testBench()]
  benches.push(bench)
  bench.api.intercept = review
  bench.api.put(Node, { metadata: { name: 'node-1' }, spec: { podCIDRs: ['10.128.0.0/23'] } } as never)
  const { client } = bench.api
  const { informers, signal } = bench
  const lines: { readonly error?: string }[] = []
  const log = { ...silent, warn: (said: object) => void lines.push(said) } as typeof silent
  const slice = async (...addresses: readonly Ip[]): Promise<void> => {
    bench.api.put(EndpointSlice, {
      metadata: { namespace: 'fairlead', name: 'dns-1', labels: { 'kubernetes.io/service-name': 'dns' } },
      addressType: 'IPv4',
      ports: [
        { name: 'dns', protocol: 'UDP', port: 5353 },
        { name: 'names', protocol: 'TCP', port: PORT },
      ],
      endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: false } })),
    } as never)
    await informers.sync(signal)
    await settled(bench)
  }
  const serve = (address: Ip, pair = RIGHT): Promise<NameGate> => {
    const door = tlsDoor(
      { client, sockets, clock, log },
      { netns: netnsOf(address), port: PORT, pair: () => pair, agents: { namespace: 'fairlead', name: 'agent' } },
    )
    return serveNames({ informers, clock, log }, door, signal)
  }
  /** An agent, and what it learned. */
  const agent = async (token: string, node = 'node-1', authority = AUTHORITY.certificate) => {
    const learned: string[] = []
    const from = { service: { namespace: 'fairlead', name: 'dns' }, authority: () => authority, token: () => token }
    const servers = createServers(
      { informers, sockets, clock, log },
      { node, netns: HOME, from },
      async (name, addresses) => void learned.push(`${name} ${addresses.map(({ address }) => address).join()}`),
      signal,
    )
    await informers.sync(signal)
    servers.start(() => {})
    await servers.speakOf(['nothing www.test'])
    return { servers, learned }
  }
  /** Time goes by until it is so. */
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 1000 && !condition(); i++) {
      await clock.advance(10)
      await new Promise(resolve => setImmediate(resolve))
    }
    await eventually(condition)
  }
  return { sockets, clock, bench, lines, slice, serve, agent, until }
}

const reply = (ttl = 30): Message => ({
  ...replyTo(decode(Buffer.alloc(12)), 0),
  questions: [{ name: 'www.test.', type: TYPE.A, class: CLASS.IN }],
  answers: [{ name: 'www.test.', class: CLASS.IN, ttl, data: { type: 'A', address: ip('192.0.2.1') } }],
})
const settles = async (clock: FakeClock, answer: Promise<boolean> | undefined): Promise<boolean | undefined> => {
  let done = false
  void answer?.then(() => {
    done = true
  })
  for (let i = 0; i < 500 && answer && !done; i++) {
    await clock.advance(10)
    await new Promise(resolve => setImmediate(resolve))
  }
  return answer
}

test('an agent is told by every DNS server of the Service, and their answers wait for its word', async () => {
  const { clock, slice, serve, agent, until } = world()
  const gates = [await serve(SERVER), await serve(OTHER)]
  await slice(SERVER, OTHER)
  const { servers, learned } = await agent('right')
  await until(() => gates.every(gate => gate.concerns('www.test.')))
  expect(servers.isUp).toBe(true)
  for (const gate of gates) expect(await settles(clock, gate.release(CLIENT, reply()))).toBe(true)
  expect(learned).toEqual(['www.test 192.0.2.1', 'www.test 192.0.2.1'])
  // A server that is no more is not waited for; one that is new is asked.
  await slice(SERVER)
  await servers.speakOf(['nothing other.test'])
  await until(() => gates[0]!.concerns('other.test.'))
  expect(gates[1]!.concerns('other.test.')).toBe(false)
  expect(await settles(clock, gates[1]!.release(CLIENT, reply(300)))).toBe(false)
  await slice(SERVER, OTHER)
  await until(() => gates[1]!.concerns('other.test.'))
})

test.each([
  ['nonsense', 'node-1', 'not valid for names.fairlead.dev'],
  ['broad', 'node-1', 'not valid for names.fairlead.dev'],
  ['other', 'node-1', `not of ${ACCOUNT}`],
  ['nowhere', 'node-1', 'on which node'],
  ['right', 'node-2', 'hung up before it had heard'],
])('the token %s of an agent that says it is on %s opens nothing: %s', async (token, node, error) => {
  const { clock, lines, slice, serve, agent, until } = world()
  const gate = await serve(SERVER)
  await slice(SERVER)
  const { servers } = await agent(token, node)
  await until(() => lines.some(line => line.error?.includes(error)))
  expect([gate.concerns('www.test.'), servers.isUp]).toEqual([false, false])
  await clock.advance(2000)
  expect(gate.release(CLIENT, reply())).toBeUndefined()
  // From elsewhere, and later, one that is right comes in.
  await agent('right')
  await until(() => gate.concerns('www.test.'))
})

/** Whoever listens where a DNS server should, says that a name leads to its own address, and sees what it is told. */
async function pose({ sockets }: ReturnType<typeof world>, pair?: { cert: string; key: string }) {
  const heard: string[] = []
  const line = lineOf({
    is: 'learn',
    number: 1,
    name: 'www.test',
    addresses: [{ address: ip('198.51.100.6'), ttlSeconds: 60 }],
  })
  const server = createServer(socket => {
    const talk = pair ? new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(pair) }) : socket
    talk.on('error', () => {}).on('data', data => void heard.push(String(data)))
    talk.write(line)
  })
  await sockets.listen(server, { netns: netnsOf(SERVER), port: PORT })
  return heard
}

const TLS_HELLO = 0x16

test.each([
  ['a certificate of somebody else', pairOf('dns.fairlead.svc', makeAuthority('service-ca', NOW))],
  ['the certificate of another Service', pairOf('web.shop.svc')],
  ['none', undefined],
])('who poses as a DNS server with %s teaches nothing and is shown no token', async (_, pair) => {
  const one = world()
  const { lines, slice, agent, until } = one
  const heard = await pose(one, pair)
  await slice(SERVER)
  const { servers, learned } = await agent('right')
  await until(() => lines.length > 0)
  expect([learned, servers.isUp]).toEqual([[], false])
  for (const data of heard) expect(data.charCodeAt(0)).toBe(TLS_HELLO)
})

test('the same with the right certificate would be believed, and shown the token', async () => {
  const one = world()
  const heard = await pose(one, RIGHT)
  await one.slice(SERVER)
  const { learned } = await one.agent('right')
  await one.until(() => learned.length > 0 && heard.length > 0)
  expect(learned[0]).toBe('www.test 198.51.100.6')
  expect(heard.join('')).toMatch(/^right\n/)
})

test('an authority that is no certificate is not replaced by those of the public web', async () => {
  const { lines, slice, serve, agent, until } = world()
  await serve(SERVER)
  await slice(SERVER)
  const { servers } = await agent('right', 'node-1', '')
  await until(() => lines.some(({ error }) => error?.includes('no certificate')))
  expect(servers.isUp).toBe(false)
})

test('strangers who say nothing, or never end, are sent away, and few of one address are let in', async () => {
  const { sockets, clock, slice, serve, agent, until } = world()
  const gate = await serve(SERVER)
  const ends: string[] = []
  const come = (name: string) => {
    const socket = sockets.connect({ netns: HOME, address: SERVER, port: PORT })
    socket.on('error', () => {}).on('close', () => void ends.push(name))
    return socket
  }
  come('silent')
  come('wrong').write('GET / HTTP/1.1\r\n\r\n')
  await eventually(() => ends.includes('wrong'))
  come('third')
  come('fourth')
  come('fifth')
  await eventually(() => ends.includes('fifth'))
  expect(ends).toEqual(['wrong', 'fifth'])
  await clock.advance(10_000)
  await eventually(() => ends.length === 5)
  await slice(SERVER)
  await agent('right')
  await until(() => gate.concerns('www.test.'))
})

test('strangers who hang up make room at once', async () => {
  const { sockets, serve } = world()
  await serve(SERVER)
  let gone = 0
  for (let i = 0; i < 2; i++) {
    const plain = sockets.connect({ netns: HOME, address: SERVER, port: PORT, allowHalfOpen: true })
    plain.on('error', () => {}).on('close', () => void gone++)
    if (i === 0) {
      plain.end()
      continue
    }
    const socket = connect({ socket: plain, ca: AUTHORITY.certificate, servername: 'dns.fairlead.svc' })
    socket.on('error', () => {}).once('secureConnect', () => socket.end('to'))
  }
  await eventually(() => gone === 2)
})

test('a server that hangs up is called again, also at a Unix socket', async () => {
  const { sockets, clock, bench, until } = world()
  const [informers, signal] = [bench.informers, bench.signal]
  let calls = 0
  const server = sockets.server(socket => {
    calls++
    socket.on('error', () => {}).end(lineOf({ is: 'heard', number: 1 }))
  })
  await sockets.listenUnix(server, '/names.sock')
  const from = { socket: '/names.sock' }
  const servers = createServers(
    { informers, sockets, clock, log: silent },
    { node: 'node-1', netns: HOME, from },
    async () => {},
    signal,
  )
  servers.start(() => {})
  await servers.speakOf(['nothing www.test'])
  await until(() => calls > 2)
  server.close()
})

test('a server that does not hear holds rules up once, for a second, and not the other servers', async () => {
  const one = world()
  const { clock, slice, serve, agent, until } = one
  await pose(one, RIGHT)
  const gate = await serve(OTHER)
  await slice(SERVER, OTHER)
  const { servers, learned } = await agent('right')
  await until(() => gate.concerns('www.test.') && learned.length > 0)
  const speaks = async (pattern: string): Promise<number> => {
    const startMs = clock.monotonic()
    await settles(
      clock,
      servers.speakOf([pattern]).then(() => true),
    )
    return clock.monotonic() - startMs
  }
  expect(await speaks('nothing a.test')).toBeGreaterThan(900)
  expect(await speaks('nothing b.test')).toBeLessThan(200)
  expect([gate.concerns('a.test.'), gate.concerns('b.test.')]).toEqual([false, true])
})

test('while the API cannot say whose a token is nobody comes in, and then the agent does', async () => {
  const { bench, lines, slice, serve, agent, until } = world()
  bench.api.intercept = request => {
    if (request.path.endsWith('/tokenreviews')) throw new ConnectionError('nothing listens there')
    return undefined
  }
  const gate = await serve(SERVER)
  await slice(SERVER)
  await agent('right')
  await until(() => lines.some(({ error }) => error?.includes('nothing listens there')))
  expect(gate.concerns('www.test.')).toBe(false)
  bench.api.intercept = review
  await until(() => gate.concerns('www.test.'))
})

test('a certificate that cannot be used is told at the start', async () => {
  const { serve } = world()
  await expect(serve(SERVER, { cert: 'x', key: 'y' })).rejects.toThrow('the certificate for agents cannot be used')
})
