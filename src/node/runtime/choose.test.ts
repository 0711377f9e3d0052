import { describe, expect, test } from 'vitest'
import type { Choice, Machine } from './choose.ts'
import { choose } from './choose.ts'
import { imageKind, repositoryOf } from './images.ts'

const machine: Machine = {
  runs: command => ['sh', '/bin/sh', 'bash', 'sleep', 'wget', 'curl', 'node', 'perl', 'python3'].includes(command),
  exists: path => path === '/app/here.js',
  namespace: 'openshift-ingress',
  builtins: new Set(['fairlead/dns']),
  roles: new Map([['fairlead/router', ['/usr/bin/node', '/main.js', 'router']]]),
}
const of = (image: string, command: readonly string[] = [], args: readonly string[] = []): Choice =>
  choose({ image, command, args }, machine)
const brief = (choice: Choice): string =>
  choice.as === 'process'
    ? `process ${choice.argv.join(' ')}${choice.applets ? ' (applets)' : ''}${choice.role ? ' (role)' : ''}`
    : choice.as === 'builtin'
      ? `builtin ${[choice.builtin, ...choice.args].join(' ')}`
      : choice.as === 'cannot'
        ? `cannot ${choice.exitCode}`
        : 'stand-in'

describe('repositories', () => {
  test.each([
    ['nginx', ['nginx']],
    ['nginx:1.27', ['nginx']],
    ['localhost:5000/team/app:v1', ['localhost:5000', 'team', 'app']],
    ['quay.io/x/y@sha256:0123', ['quay.io', 'x', 'y']],
    ['quay.io/x/y:v2@sha256:0123', ['quay.io', 'x', 'y']],
  ])('%s', (image, parts) => expect(repositoryOf(image)).toEqual(parts))
})

describe('how a container runs', () => {
  test.each<[string, string[], string[], string]>([
    // Recognised servers, with and without their own command named.
    [
      'registry.k8s.io/e2e-test-images/agnhost:2.63.0',
      [],
      ['netexec', '--http-port=80'],
      'builtin agnhost netexec --http-port=80',
    ],
    ['agnhost', ['/agnhost', 'connect'], ['h:1'], 'builtin agnhost connect h:1'],
    ['agnhost', ['/agnhost'], [], 'builtin agnhost'],
    ['agnhost', ['sh', '-c', 'true'], [], 'process sh -c true'],
    ['agnhost', ['/absent'], [], 'cannot 127'],
    ['docker.io/nginxinc/nginx-unprivileged:1.27', [], [], 'builtin nginx-unprivileged'],
    ['nginx', ['nginx', '-g', 'daemon off;'], [], 'builtin nginx -g daemon off;'],
    ['registry.k8s.io/pause:3.10', [], [], 'builtin pause'],
    ['quay.io/jetstack/cert-manager-acmesolver:v1.21.2', [], ['--token=t'], 'builtin acmesolver --token=t'],
    // Images known for their tools.
    ['busybox', [], [], 'process sh (applets)'],
    ['busybox:1.37', [], ['wget', '-qO-', 'http://api'], 'process wget -qO- http://api (applets)'],
    ['busybox', ['sleep'], ['5'], 'process sleep 5 (applets)'],
    ['busybox', ['sleep', '5'], [], 'process sleep 5 (applets)'],
    ['busybox', [], ['absent'], 'cannot 127'],
    ['curlimages/curl:8.10.1', [], ['-s', 'http://api'], 'process curl -s http://api'],
    ['curlimages/curl', [], [], 'process curl'],
    ['nicolaka/netshoot', [], [], 'process bash'],
    ['registry.access.redhat.com/ubi9/ubi-minimal', [], ['sleep', '1'], 'process sleep 1'],
    ['registry.access.redhat.com/ubi9:latest', [], [], 'process bash'],
    // Anything else.
    ['registry.example.com/shop/api:1.4', [], [], 'stand-in'],
    ['registry.example.com/shop/api:1.4', [], ['--verbose'], 'stand-in'],
    ['registry.example.com/shop/api:1.4', ['/app/server'], [], 'stand-in'],
    ['registry.example.com/shop/api:1.4', ['sh', '-c'], ['sleep 1'], 'process sh -c sleep 1'],
    ['node:20', ['node', 'server.js'], [], 'stand-in'],
    ['node:20', ['node', '--inspect', '/app/here.js'], [], 'process node --inspect /app/here.js'],
    ['node:20', ['node', '-e', 'console.log(1)'], [], 'process node -e console.log(1)'],
    ['perl:5.34', ['perl', '-wle', 'print 1'], [], 'process perl -wle print 1'],
    ['python:3', ['python3', '-m', 'http.server', '80'], [], 'process python3 -m http.server 80'],
    ['python:3', ['python3', '-m', 'flask', 'run'], [], 'stand-in'],
    // Parts of Fairlead.
    ['fairlead/dns', [], ['--port=5353'], 'builtin fairlead/dns --port=5353'],
    [
      'quay.io/fairlead/router:1',
      [],
      ['--name=default'],
      'process /usr/bin/node /main.js router --name=default (role)',
    ],
    ['constructor', [], [], 'stand-in'],
  ])('%s %j %j', (image, command, args, expected) => expect(brief(of(image, command, args))).toBe(expected))

  test('says why, naming the image and the command', () => {
    expect(of('shop/api:1').why).toBe('the image "shop/api:1" is not known and no command is named')
    expect(of('shop/api:1', ['/app/server']).why).toBe(
      'the image "shop/api:1" is not known and "/app/server" does not exist on this machine',
    )
    expect(of('busybox', [], ['absent']).why).toBe('exec: "absent": executable file not found in $PATH')
    expect(of('nginx').why).toBe('the image "nginx" is recognised: built-in nginx')
  })

  test.each([
    ['openshift-dns', 'builtin', 'process'],
    ['kube-system', 'builtin', 'process'],
    ['default', 'stand-in', 'stand-in'],
    ['shop', 'stand-in', 'stand-in'],
    ['openshift', 'stand-in', 'stand-in'],
    ['my-openshift-ingress', 'stand-in', 'stand-in'],
  ])("parts of Fairlead in namespace %s: the cluster's own alone get credentials", (namespace, dns, router) => {
    const here = (image: string) => choose({ image, command: [], args: [] }, { ...machine, namespace })
    expect([here('fairlead/dns').as, here('quay.io/fairlead/router:1').as]).toEqual([dns, router])
  })

  test('a name of another repository does not pass for a part of Fairlead', () => {
    expect(of('evil/router').as).toBe('stand-in')
    expect(imageKind('someone/nginxx')).toBeUndefined()
  })
})
