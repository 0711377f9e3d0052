import type { JsonObject } from '../../../wire/json/value.ts'
import { isObject } from '../../../wire/json/value.ts'
import { CniFailure, CODES } from './failure.ts'

export const VERSIONS = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
export type CniVersion = (typeof VERSIONS)[number]
const COMMANDS = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'] as const
type CniCommand = (typeof COMMANDS)[number]

/** What the engine gave in the environment; a variable that is not set is empty. */
export interface CniEnvironment {
  readonly command: string
  readonly containerId: string
  readonly netns: string
  readonly ifname: string
  readonly args: string
}

/** The pod of Kubernetes that a sandbox is for. */
export interface PodRef {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
}

export interface CniRequest {
  readonly command: CniCommand
  readonly version: CniVersion
  readonly containerId: string
  readonly netns: string
  readonly ifname: string
  /** Absent where the engine knows of no pod. */
  readonly pod?: PodRef
  readonly config: JsonObject
  /** For GC: what is still in use. */
  readonly valid: readonly { readonly containerId: string; readonly ifname: string }[]
}

/** Since when a version has a command. */
const SINCE: Partial<Record<CniCommand, CniVersion>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' }
/** What a command cannot do without. DEL works after the namespace has gone. */
const NEEDED: Record<CniCommand, readonly (keyof typeof VARIABLES)[]> = {
  ADD: ['containerId', 'netns', 'ifname'],
  CHECK: ['containerId', 'netns', 'ifname'],
  DEL: ['containerId', 'ifname'],
  GC: [],
  STATUS: [],
}
const VARIABLES = { containerId: 'CNI_CONTAINERID', netns: 'CNI_NETNS', ifname: 'CNI_IFNAME' } as const

/** Reads a call of an engine. Throws CniFailure. Source: CNI specification 1.1.0. */
export function readRequest(environment: CniEnvironment, body: string): CniRequest {
  const config = decode(body)
  const version = VERSIONS.find(one => one === (config.cniVersion ?? '0.1.0'))
  if (!version) {
    const details = `the configuration asks for ${JSON.stringify(config.cniVersion ?? '0.1.0')}; there are ${VERSIONS.join(', ')}`
    throw new CniFailure(CODES.version, 'incompatible CNI versions', details)
  }
  const command = COMMANDS.find(one => one === environment.command)
  if (!command) throw variables('CNI_COMMAND', `unknown CNI_COMMAND: ${environment.command}`)
  const since = SINCE[command]
  if (since !== undefined && VERSIONS.indexOf(version) < VERSIONS.indexOf(since))
    throw new CniFailure(CODES.version, `config version does not allow ${command}`, `it has been there since ${since}`)
  checkVariables(command, environment)
  if (typeof config.name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(config.name))
    throw new CniFailure(CODES.config, 'invalid network name', 'name is to be letters, digits, _, . and -')
  const pod = podOf(environment.args)
  const { containerId, netns, ifname } = environment
  const valid = command === 'GC' ? validOf(config) : []
  return { command, version, containerId, netns, ifname, ...(pod ? { pod } : {}), config, valid }
}

function decode(body: string): JsonObject {
  try {
    const config: unknown = JSON.parse(body)
    if (isObject(config)) return config
  } catch {}
  throw new CniFailure(CODES.decode, 'failed to decode the network configuration', 'it is no JSON object')
}

const variables = (names: string, details: string): CniFailure =>
  new CniFailure(CODES.environment, `invalid environment variables: ${names}`, details)

function checkVariables(command: CniCommand, environment: CniEnvironment): void {
  const absent = NEEDED[command].filter(name => environment[name] === '').map(name => VARIABLES[name])
  if (absent.length > 0) throw variables(absent.join(', '), `${command} needs ${absent.join(' and ')}`)
  const { containerId, ifname } = environment
  if (containerId !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/.test(containerId))
    throw variables('CNI_CONTAINERID', 'it is to be letters, digits, _, . and -')
  if (ifname !== '' && (!/^[^\s/:]{1,15}$/.test(ifname) || /^\.\.?$/.test(ifname)))
    throw variables('CNI_IFNAME', 'it is to be the name of a link: at most 15 characters, no space, / or :')
}

const KNOWN_ARGS = new Set([
  'IgnoreUnknown',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_INFRA_CONTAINER_ID',
  'K8S_POD_UID',
])

/** Source: CNI's conventions, "CNI_ARGS", and what engines give for Kubernetes. */
function podOf(args: string): PodRef | undefined {
  const pairs = args.split(';').filter(text => text !== '')
  const wrong = pairs.find(text => !/^[^=]+=/.test(text))
  if (wrong !== undefined) throw variables('CNI_ARGS', `${JSON.stringify(wrong)} is not KEY=VALUE`)
  const values = new Map(pairs.map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]))
  const unknown = [...values.keys()].filter(key => !KNOWN_ARGS.has(key))
  if (unknown.length > 0 && !/^(1|true)$/i.test(values.get('IgnoreUnknown') ?? ''))
    throw variables('CNI_ARGS', `${unknown.join(', ')} is not known, and IgnoreUnknown is not set`)
  const [namespace, name, uid] = ['NAMESPACE', 'NAME', 'UID'].map(key => values.get(`K8S_POD_${key}`) || undefined)
  return namespace && name ? { namespace, name, ...(uid ? { uid } : {}) } : undefined
}

function validOf(config: JsonObject): CniRequest['valid'] {
  const all = config['cni.dev/valid-attachments']
  if (!Array.isArray(all))
    throw new CniFailure(CODES.config, 'cni.dev/valid-attachments is missing', 'without it everything would go')
  return all.map((one: unknown) => {
    if (isObject(one) && typeof one.containerID === 'string' && typeof one.ifname === 'string')
      return { containerId: one.containerID, ifname: one.ifname }
    throw new CniFailure(CODES.config, 'cni.dev/valid-attachments cannot be read', JSON.stringify(one))
  })
}
