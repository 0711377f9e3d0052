import { describe, expect, test } from 'vitest'
import type { ContainerPort } from '../mod.ts'
import { isHealthPath, wantsJson } from './answer.ts'
import { speechOf, speechText } from './protocol.ts'

const port = (number: number, name?: string, protocol: ContainerPort['protocol'] = 'TCP'): ContainerPort => ({
  port: number,
  protocol,
  ...(name === undefined ? {} : { name }),
})

describe('what a stand-in speaks', () => {
  test.each<[ContainerPort, string | undefined, string]>([
    [port(8080, 'http'), undefined, 'http'],
    [port(8080, 'http-admin'), undefined, 'http'],
    [port(9090, 'metrics'), undefined, 'http'],
    [port(8443, 'https'), undefined, 'https'],
    [port(5432, 'postgres'), undefined, 'tcp-echo'],
    [port(8080, 'tcp-app'), undefined, 'tcp-echo'],
    [port(50051, 'grpc'), undefined, 'http'],
    [port(8080), 'https', 'https'],
    [port(8080, 'http'), 'kubernetes.io/h2c', 'http'],
    [port(443), undefined, 'https'],
    [port(6379), undefined, 'tcp-echo'],
    [port(12345), undefined, 'any'],
    [port(12345, 'constructor'), undefined, 'any'],
    [port(53, 'dns', 'UDP'), undefined, 'udp-echo'],
    [port(8080, 'http', 'SCTP'), undefined, 'none'],
  ])('%j with appProtocol %s: %s', (given, appProtocol, expected) =>
    expect(speechOf(given, appProtocol)).toBe(expected),
  )

  test('is told to people', () => {
    expect(speechText([port(80, 'http'), port(53, 'dns', 'UDP')])).toBe('answers on 80 (HTTP), 53 (UDP echo)')
    expect(speechText([])).toBe('it declares no port, so it only waits')
  })

  test.each(['/health', '/healthz', '/readyz', '/livez', '/-/ready', '/actuator/health', '/api/health', '/ping'])(
    '%s is a health path',
    path => expect(isHealthPath(path)).toBe(true),
  )
  test.each(['/', '/orders', '/healthy-food', '/api'])('%s is none', path => expect(isHealthPath(path)).toBe(false))

  test('JSON for those who ask for it', () => {
    expect(wantsJson('application/json', new URLSearchParams())).toBe(true)
    expect(wantsJson('application/problem+json, */*', new URLSearchParams())).toBe(true)
    expect(wantsJson(undefined, new URLSearchParams('format=json'))).toBe(true)
    expect(wantsJson('*/*', new URLSearchParams())).toBe(false)
  })
})
