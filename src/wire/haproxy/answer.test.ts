import { describe, expect, test } from 'vitest'
import { accepts, parseAlerts, parseInfo, parseMap, parseServersState, parseStat, versionOf } from './answer.ts'
import type { Expectation } from './command.ts'
import { createAnswerReader } from './dialogue.ts'

describe('accepts', () => {
  test.each<[Expectation, string, string]>([
    ['nothing', '', 'Key not found.'],
    ['registered', 'New server registered.', 'Already exists a server with the same name in backend.'],
    ['deleted', 'Server deleted.', 'Server still has connections attached to it, cannot remove it.'],
    ['deleted', "Entry 'certs/a.pem' deleted in crtlist 'certs.list'!", "Can't delete 'certs/a.pem' in crtlist"],
    ['deleted', "Certificate 'certs/a.pem' deleted!", "Can't remove the certificate: in use"],
    ['success', 'Committing certs/a.pem\nSuccess!', "Can't commit certs/a.pem!"],
    ['transaction', 'Transaction created for certificate certs/a.pem!', 'unable to load certificate chain'],
    ['version', 'New version created: 3', 'Unknown map identifier.'],
  ])('%s: yes to %j, no to %j', (expect_, good, bad) => {
    expect(accepts({ line: 'x', expect: expect_ }, good)).toBe(true)
    expect(accepts({ line: 'x', expect: expect_ }, bad)).toBe(false)
    expect(accepts({ line: 'x', expect: 'anything' }, bad)).toBe(true)
  })
})

describe('parsers', () => {
  test('info and version', () => {
    expect(parseInfo('Name: HAProxy\nPid: 12\nrubbish\n').Pid).toBe('12')
    expect(versionOf('New version created: 7\n')).toBe(7)
    expect(versionOf('Unknown')).toBeUndefined()
  })
  test('servers state', () => {
    const text = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord
5 random-0 1 x 127.0.0.1 2 0 1 1 0 1 0 0 0 0 0 0 - 9 -
5 random-0 2 y 127.0.0.2 0 1 1 1 0 1 0 0 0 0 0 0 - 8080 -
`
    expect(parseServersState(text)).toEqual([
      { backend: 'random-0', server: 'x', address: '127.0.0.1', port: 9, up: true, maintenance: false },
      { backend: 'random-0', server: 'y', address: '127.0.0.2', port: 8080, up: false, maintenance: true },
    ])
    expect(parseServersState('')).toEqual([])
    expect(parseServersState('2\n# x\n')).toEqual([])
  })
  test('map and stat', () => {
    expect(parseMap('0x55 h/a;b/ random-0|ns/r\n\n')).toEqual([['h/a;b/', 'random-0|ns/r']])
    expect(parseStat('# pxname,svname,scur\nrandom-0,BACKEND,3\n')).toEqual([
      { pxname: 'random-0', svname: 'BACKEND', scur: '3' },
    ])
  })
  test('alerts: what explains a refusal, without what commands echo', () => {
    const text = `[NOTICE]   (1) : haproxy version is 2.6.12
[ALERT]    (1) : config : parsing [x:3] : unknown keyword 'y'
[ALERT]    (1) : config : Fatal errors found in configuration.
[WARNING]  (1) : CLI : Server a/b is UP/READY (leaving forced maintenance).
[WARNING]  (1) : Server a/b is DOWN, reason: Layer4 timeout.
`
    expect(parseAlerts(text)).toEqual([
      "config : parsing [x:3] : unknown keyword 'y'",
      'Server a/b is DOWN, reason: Layer4 timeout.',
    ])
  })
})

describe('createAnswerReader', () => {
  const stream =
    '\n> New server registered.\n\n> + + \n> No such server.\n> # a\n0x1 k v\n\n> + + Transaction created!\n\n> '
  const answers = ['', 'New server registered.', '', 'No such server.', '# a\n0x1 k v', 'Transaction created!']
  test('finds the answers however the stream is cut', () => {
    for (const size of [1, 2, 3, 5, 7, stream.length]) {
      const reader = createAnswerReader()
      const found: string[] = []
      for (let at = 0; at < stream.length; at += size) found.push(...reader.read(stream.slice(at, at + size)))
      expect(found).toEqual(answers)
    }
  })
  test('an answer that is not complete is not given', () => {
    const reader = createAnswerReader()
    expect(reader.read('\n> New ser')).toEqual([''])
    expect(reader.read('ver registered.\n')).toEqual([])
    expect(reader.read('\n> ')).toEqual(['New server registered.'])
  })
})
