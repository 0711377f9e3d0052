/** A real control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, on loopback, with a folder of its own. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { testAuthority } from '../../src/apiserver/http/testing-tls.ts'
import type { Access } from './kubectl/bed.ts'

export interface RealServer {
  readonly access: Access
  /** As the server tells it, for example v1.33.13. */
  readonly version: string
  close(): Promise<void>
}

const PORTS = { etcd: 32379, peer: 32380, api: 36443, manager: 36257, scheduler: 36259 }
const NETWORK = '10.96.0.0/12'

/** `bin` holds kube-apiserver, kube-controller-manager and kube-scheduler; etcd is looked up on PATH. */
export async function startReal(bin: string): Promise<RealServer> {
  const authority = testAuthority('upstream')
  const { folder } = authority
  const file = (name: string): string => join(folder, name)
  authority.issue('server', '/CN=kube-apiserver')
  authority.issue('admin', '/O=system:masters/CN=admin')
  const children: ChildProcess[] = []
  const start = (command: string, args: readonly string[]): void => {
    const log = openSync(file(`${command.split('/').pop()}.log`), 'a')
    children.push(spawn(command, [...args], { stdio: ['ignore', log, log] }))
  }
  const access: Access = {
    url: `https://127.0.0.1:${PORTS.api}`,
    authority: file('ca.crt'),
    certificate: file('admin.crt'),
    key: file('admin.key'),
  }
  writeFileSync(file('admin.kubeconfig'), kubeconfig(access))
  mkdirSync(file('data'))
  start('etcd', etcdFlags(file('data')))
  start(join(bin, 'kube-apiserver'), apiFlags(file))
  start(join(bin, 'kube-controller-manager'), managerFlags(file))
  start(join(bin, 'kube-scheduler'), [
    `--kubeconfig=${file('admin.kubeconfig')}`,
    `--secure-port=${PORTS.scheduler}`,
    '--leader-elect=false',
  ])
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null)
        await new Promise(resolve => child.once('exit', resolve))
    }
  }
  try {
    return { access, version: await versionOf(authority, access), close }
  } catch (error) {
    await close()
    throw new Error(`the real control plane did not start; its logs are in ${folder}`, { cause: error })
  }
}

const etcdFlags = (data: string): readonly string[] => {
  const client = `http://127.0.0.1:${PORTS.etcd}`
  const peer = `http://127.0.0.1:${PORTS.peer}`
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
  ]
}

const apiFlags = (file: (name: string) => string): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${PORTS.etcd}`,
  `--secure-port=${PORTS.api}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=192.0.2.1',
  `--service-cluster-ip-range=${NETWORK}`,
  `--tls-cert-file=${file('server.crt')}`,
  `--tls-private-key-file=${file('server.key')}`,
  `--client-ca-file=${file('ca.crt')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-signing-key-file=${file('ca.key')}`,
  `--service-account-key-file=${file('ca.key')}`,
  '--authorization-mode=RBAC',
  '--allow-privileged=true',
]

const managerFlags = (file: (name: string) => string): readonly string[] => [
  `--kubeconfig=${file('admin.kubeconfig')}`,
  `--secure-port=${PORTS.manager}`,
  '--leader-elect=false',
  `--root-ca-file=${file('ca.crt')}`,
  `--service-account-private-key-file=${file('ca.key')}`,
  `--cluster-signing-cert-file=${file('ca.crt')}`,
  `--cluster-signing-key-file=${file('ca.key')}`,
  // There are no kubelets: nodes stay as they are told to be.
  '--node-monitor-grace-period=24h',
]

const kubeconfig = (access: Access): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: access.url, 'certificate-authority': access.authority } }],
    users: [{ name: 'u', user: { 'client-certificate': access.certificate, 'client-key': access.key } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })

async function versionOf(authority: { readonly ca: string }, access: Access): Promise<string> {
  const { request } = await import('node:https')
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      request(`${access.url}${path}`, { ca: authority.ca }, response => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += String(chunk)
        })
        response.on('end', () => resolve(body))
      })
        .on('error', reject)
        .end()
    })
  const end = Date.now() + 120_000
  while ((await ask('/readyz').catch(() => '')) !== 'ok') {
    if (Date.now() > end) throw new Error('it is not ready after two minutes')
    await sleep(200)
  }
  return (JSON.parse(await ask('/version')) as { gitVersion: string }).gitVersion
}
