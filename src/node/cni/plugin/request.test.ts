import { describe, expect, test } from 'vitest'
import type { CniFailure } from './failure.ts'
import type { CniEnvironment } from './request.ts'
import { readRequest } from './request.ts'

const ENVIRONMENT: CniEnvironment = {
  command: 'ADD',
  containerId: 'c1',
  netns: '/run/netns/x',
  ifname: 'eth0',
  args: '',
}
const CONFIG = { cniVersion: '1.1.0', name: 'fairlead', type: 'fairlead' }
const read = (environment: Partial<CniEnvironment> = {}, config: object = {}) =>
  readRequest({ ...ENVIRONMENT, ...environment }, JSON.stringify({ ...CONFIG, ...config }))
const codeOf = (f: () => unknown): string => {
  try {
    f()
    return 'fine'
  } catch (error) {
    const { code, message } = error as CniFailure
    return `${code} ${message}`
  }
}

describe('a call', () => {
  test('says whose sandbox it is about', () => {
    expect(read()).toMatchObject({ command: 'ADD', containerId: 'c1', ifname: 'eth0', version: '1.1.0' })
    const args = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=u;OTHER=x=y'
    expect(read({ args }).pod).toEqual({ namespace: 'shop', name: 'web', uid: 'u' })
    expect(read({ args: 'K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web' }).pod).toEqual({ namespace: 'shop', name: 'web' })
  })

  test.each([
    [{ containerId: '' }, '4 invalid environment variables: CNI_CONTAINERID'],
    [{ containerId: '', netns: '' }, '4 invalid environment variables: CNI_CONTAINERID, CNI_NETNS'],
    [{ containerId: '../x' }, '4 invalid environment variables: CNI_CONTAINERID'],
    [{ ifname: 'a/b' }, '4 invalid environment variables: CNI_IFNAME'],
    [{ ifname: 'sixteencharacter' }, '4 invalid environment variables: CNI_IFNAME'],
    [{ ifname: '..' }, '4 invalid environment variables: CNI_IFNAME'],
    [{ command: 'FETCH' }, '4 invalid environment variables: CNI_COMMAND'],
    [{ args: 'OTHER=1' }, '4 invalid environment variables: CNI_ARGS'],
    [{ args: 'nothing' }, '4 invalid environment variables: CNI_ARGS'],
    [{ command: 'DEL', netns: '' }, 'fine'],
    [{ command: 'DEL', ifname: '' }, '4 invalid environment variables: CNI_IFNAME'],
    [{ command: 'STATUS', containerId: '', netns: '', ifname: '' }, 'fine'],
  ] as const)('with %j: %s', (environment, expected) => {
    expect(codeOf(() => read(environment))).toBe(expected)
  })

  test.each([
    ['ADD', '0.3.1', 'fine'],
    ['ADD', '0.2.0', '1 incompatible CNI versions'],
    ['ADD', '2.0.0', '1 incompatible CNI versions'],
    ['CHECK', '0.3.1', '1 config version does not allow CHECK'],
    ['CHECK', '0.4.0', 'fine'],
    ['STATUS', '1.0.0', '1 config version does not allow STATUS'],
    ['GC', '1.0.0', '1 config version does not allow GC'],
  ])('%s in version %s: %s', (command, cniVersion, expected) => {
    expect(codeOf(() => read({ command }, { cniVersion, 'cni.dev/valid-attachments': [] }))).toBe(expected)
  })

  test('with a configuration that is none is refused', () => {
    expect(codeOf(() => readRequest(ENVIRONMENT, '{'))).toMatch(/^6 /)
    expect(codeOf(() => readRequest(ENVIRONMENT, '[]'))).toMatch(/^6 /)
    expect(codeOf(() => read({}, { name: '' }))).toMatch(/^7 /)
    expect(codeOf(() => read({}, { name: undefined }))).toMatch(/^7 /)
    expect(codeOf(() => read({ command: 'GC' }))).toMatch(/^7 .*valid-attachments/)
    expect(codeOf(() => read({ command: 'GC' }, { 'cni.dev/valid-attachments': [{}] }))).toMatch(/^7 /)
    const valid = [{ containerID: 'c1', ifname: 'eth0' }]
    expect(read({ command: 'GC' }, { 'cni.dev/valid-attachments': valid }).valid).toEqual([
      { containerId: 'c1', ifname: 'eth0' },
    ])
  })
})
