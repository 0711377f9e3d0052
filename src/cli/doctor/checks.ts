/** What `fairlead doctor` looks at: each check reads the machine through a Probe and says what it found, with a remedy. */

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The machine, as far as the doctor looks. */
export interface Probe {
  readonly uid: number
  readonly nodeVersion: string
  /** Code 127 when the command does not exist. */
  run(command: string, args: readonly string[]): Promise<Output>
  /** undefined when the file does not exist. */
  read(path: string): Promise<string | undefined>
  /** undefined when the port can be bound on 127.0.0.1, else the errno name. */
  bind(port: number): Promise<string | undefined>
}

export interface Finding {
  readonly name: string
  /** warn: works, with a limit that the text names. fail: `up` will not work. */
  readonly state: 'ok' | 'warn' | 'fail'
  readonly text: string
  readonly remedy?: string
}

export type Check = (probe: Probe) => Promise<readonly Finding[]>

const ok = (name: string, text: string): Finding => ({ name, state: 'ok', text })
const warn = (name: string, text: string, remedy: string): Finding => ({ name, state: 'warn', text, remedy })
const fail = (name: string, text: string, remedy: string): Finding => ({ name, state: 'fail', text, remedy })
const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''

const node: Check = async ({ nodeVersion }) => {
  const [major = 0, minor = 0] = nodeVersion.replace('v', '').split('.').map(Number)
  return [
    major > 20 || (major === 20 && minor >= 19)
      ? ok('node', nodeVersion)
      : fail('node', `${nodeVersion} is too old`, 'install Node.js 20.19 or newer'),
  ]
}

/** command, arguments that print a version, Debian package, needed by `up`. */
const TOOLS: readonly (readonly [string, string, string, boolean])[] = [
  ['ip', '-V', 'iproute2', true],
  ['nft', '--version', 'nftables', true],
  ['haproxy', '-v', 'haproxy', true],
  ['conntrack', '--version', 'conntrack', true],
  ['unshare', '--version', 'util-linux', true],
  ['busybox', '--help', 'busybox', true],
  ['curl', '--version', 'curl', false],
]

const tools: Check = probe =>
  Promise.all(
    TOOLS.map(async ([command, argument, debian, needed]) => {
      const found = await probe.run(command, [argument])
      if (found.code !== 127) return ok(command, firstLine(found.stdout || found.stderr))
      const remedy = `run ./fairlead setup, or: apt-get install ${debian}`
      return needed ? fail(command, 'not installed', remedy) : warn(command, 'not installed', remedy)
    }),
  )

const kubectl: Check = async probe => {
  const found = await probe.run('kubectl', ['version', '--client'])
  return [
    found.code === 127
      ? warn('kubectl', 'not installed', 'install kubectl 1.27 or newer to talk to the twin')
      : ok('kubectl', firstLine(found.stdout || found.stderr)),
  ]
}

/** The steps that `up` needs all at once: Ubuntu's AppArmor restriction lets the first pass and refuses a later one. */
export const NAMESPACE_TRIAL = [
  '--net',
  '--mount',
  '--pid',
  '--uts',
  '--ipc',
  '--fork',
  '--mount-proc',
  'true',
] as const

const namespaces: Check = async probe => {
  const user = probe.uid === 0 ? [] : ['--user', '--map-root-user']
  const trial = await probe.run('unshare', [...user, ...NAMESPACE_TRIAL])
  const name = probe.uid === 0 ? 'namespaces' : 'user namespaces'
  if (trial.code === 0) return [ok(name, 'network, mount, PID, UTS and IPC namespaces can be made')]
  return [
    fail(
      name,
      firstLine(trial.stderr) || `unshare ended with ${trial.code}`,
      await namespaceRemedy(probe, trial.stderr),
    ),
  ]
}

async function namespaceRemedy(probe: Probe, stderr: string): Promise<string> {
  const setting = async (path: string): Promise<string | undefined> => (await probe.read(`/proc/sys/${path}`))?.trim()
  if (/No space left/.test(stderr)) return 'raise user.max_user_namespaces (sysctl), or run as root'
  if ((await setting('kernel/apparmor_restrict_unprivileged_userns')) === '1')
    return 'Ubuntu forbids user namespaces to unconfined programs: sysctl kernel.apparmor_restrict_unprivileged_userns=0, give unshare an AppArmor profile with "userns,", or run as root'
  if ((await setting('kernel/unprivileged_userns_clone')) === '0')
    return 'sysctl kernel.unprivileged_userns_clone=1, or run as root'
  if (/proc/.test(stderr))
    return 'this looks like a container with a masked /proc: run outside it, or with --privileged'
  return 'run as root; in a container, with --privileged'
}

/** What the data path is made of, each tried in a throw-away namespace. */
const KERNEL: readonly (readonly [string, string, boolean])[] = [
  ['veth', 'ip link add t0 type veth peer name t1', true],
  ['bridge', 'ip link add t0 type bridge', true],
  ['vxlan', 'ip link add t0 type vxlan id 1 dstport 4789 local 127.0.0.1', true],
  [
    'nftables',
    "nft 'add table inet t; add chain inet t c { type nat hook postrouting priority 100; }; add map inet t m { type ipv4_addr . inet_proto . inet_service : verdict; }; add rule inet t c meta mark set numgen random mod 2; add rule inet t c masquerade'",
    true,
  ],
  ['conntrack', 'conntrack -L', true],
  ['macvlan', 'ip link add t0 type veth peer name t1 && ip link add t2 link t0 type macvlan', false],
]

const kernel: Check = probe =>
  Promise.all(
    KERNEL.map(async ([feature, script, needed]) => {
      const user = probe.uid === 0 ? [] : ['--user', '--map-root-user']
      const trial = await probe.run('unshare', [...user, '--net', 'sh', '-c', script])
      if (trial.code === 0) return ok(`kernel: ${feature}`, 'works')
      const text = firstLine(trial.stderr) || `ended with ${trial.code}`
      const remedy = `the kernel needs the module for ${feature} (modprobe, or a kernel with it)`
      return needed ? fail(`kernel: ${feature}`, text, remedy) : warn(`kernel: ${feature}`, text, remedy)
    }),
  )

const CONNTRACK_WANTED = 65_536
const limits: Check = async probe => {
  const max = Number((await probe.read('/proc/sys/net/netfilter/nf_conntrack_max'))?.trim() ?? Number.NaN)
  const files = Number((await probe.run('sh', ['-c', 'ulimit -Hn'])).stdout.trim().replace('unlimited', '1048576'))
  return [
    Number.isNaN(max)
      ? warn('nf_conntrack_max', 'cannot be read', 'modprobe nf_conntrack')
      : max < CONNTRACK_WANTED
        ? warn(
            'nf_conntrack_max',
            `${max}: all namespaces of this machine share it`,
            `sysctl net.netfilter.nf_conntrack_max=262144`,
          )
        : ok('nf_conntrack_max', String(max)),
    files < 4096
      ? warn('open files', `at most ${files}: one a pod and one a listening port are needed`, 'ulimit -n 65536')
      : ok('open files', String(files)),
  ]
}

const PORTS: readonly (readonly [number, string])[] = [
  [6443, 'API'],
  [80, 'front door, HTTP'],
  [443, 'front door, HTTPS'],
  [8080, 'front door, where 80 is not to be had'],
  [8443, 'front door, where 443 is not to be had'],
]
const ports: Check = probe =>
  Promise.all(
    PORTS.map(async ([port, use]) => {
      const refused = await probe.bind(port)
      const name = `port ${port}`
      if (refused === undefined) return ok(name, `free (${use})`)
      return warn(
        name,
        refused === 'EACCES' ? `not allowed to this user (${use})` : `taken (${use})`,
        'up chooses another and says which; --publish names one',
      )
    }),
  )

/** In the order in which they are printed. */
export const CHECKS: readonly Check[] = [node, tools, kubectl, namespaces, kernel, limits, ports]
