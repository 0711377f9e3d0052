/** What an image's name alone tells: nothing is ever pulled, so names are all there is. */
export type ImageKind =
  /** A server of ours with the same manners as the image's. */
  | { readonly as: 'builtin'; readonly builtin: string; readonly entrypoints: readonly string[] }
  /** An image that people use for its tools: run this machine's. */
  | {
      readonly as: 'tools'
      readonly entrypoint: readonly string[]
      readonly cmd: readonly string[]
      /** Its commands are busybox applets, also where this machine has a fuller tool of that name. */
      readonly applets: boolean
    }

/** `docker.io/library/nginx:1.27@sha256:...` -> ['docker.io', 'library', 'nginx']. */
export function repositoryOf(image: string): readonly string[] {
  const untagged = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  return untagged.split('/').filter(part => part !== '')
}

const builtin = (name: string, ...entrypoints: string[]): ImageKind => ({ as: 'builtin', builtin: name, entrypoints })
const tools = (cmd: readonly string[], entrypoint: readonly string[] = [], applets = false): ImageKind => ({
  as: 'tools',
  entrypoint,
  cmd,
  applets,
})

/** By the last part of the repository. `entrypoints`: the commands that mean the server itself. */
const BY_NAME: Readonly<Record<string, ImageKind>> = {
  agnhost: builtin('agnhost', '/agnhost', 'agnhost'),
  serve_hostname: builtin('serve-hostname', '/serve_hostname'),
  pause: builtin('pause', '/pause'),
  'echo-basic': builtin('echo-basic', '/echo-basic'),
  'hello-openshift': builtin('hello-openshift', '/hello-openshift'),
  nginx: builtin('nginx', 'nginx', '/docker-entrypoint.sh'),
  'nginx-unprivileged': builtin('nginx-unprivileged', 'nginx', '/docker-entrypoint.sh'),
  httpd: builtin('httpd', 'httpd', 'httpd-foreground'),
  httpbin: builtin('httpbin', 'gunicorn', '/bin/go-httpbin'),
  'go-httpbin': builtin('httpbin', '/bin/go-httpbin', 'go-httpbin'),
  'http-echo': builtin('http-echo', '/http-echo', 'http-echo'),
  'cert-manager-acmesolver': builtin('acmesolver', '/app/cmd/acmesolver/acmesolver'),

  busybox: tools(['sh'], [], true),
  alpine: tools(['/bin/sh'], [], true),
  curl: tools([], ['curl']),
  netshoot: tools(['bash']),
  dnsutils: tools(['sleep', '3600']),
  'jessie-dnsutils': tools(['sleep', '3600']),
  debian: tools(['bash']),
  ubuntu: tools(['bash']),
  fedora: tools(['bash']),
  centos: tools(['bash']),
  ubi: tools(['bash']),
  bash: tools(['bash']),
  tools: tools(['bash']),
  'network-multitool': tools(['sleep', 'infinity']),
  toolbox: tools(['bash']),
  'support-tools': tools(['bash']),
}

/** Registries' own names for the same thing: ubi8, ubi9-minimal, debian-slim ... */
const BY_PATTERN: readonly (readonly [RegExp, ImageKind])[] = [
  [/^ubi\d*(-minimal|-micro|-init)?$/, BY_NAME.ubi!],
  [/^(debian|ubuntu|fedora|centos)[-\d.]*(slim|minimal|stream)?$/, BY_NAME.debian!],
  [/^busybox[-\w.]*$/, BY_NAME.busybox!],
  [/^(nginx-\d+|nginx-\d+-micro)$/, BY_NAME['nginx-unprivileged']!],
  [/^httpd-\d+$/, BY_NAME.httpd!],
  [/^(origin-|ose-)?egress-router$/, builtin('egress-router', '/bin/egress-router.sh')],
  [/^(origin-|ose-)?egress-http-proxy$/, builtin('egress-http-proxy', '/bin/egress-http-proxy.sh')],
  [/^(origin-|ose-)?egress-dns-proxy$/, builtin('egress-dns-proxy', '/bin/egress-dns-proxy.sh')],
  [/^(origin-|ose-)?egress-router-cni$/, BY_NAME.pause!],
]

/** `nginxinc/nginx-unprivileged`, `curlimages/curl` and `registry.k8s.io/e2e-test-images/agnhost` are known by their last part. */
export function imageKind(image: string): ImageKind | undefined {
  const name = repositoryOf(image).at(-1) ?? ''
  return (
    (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined) ??
    BY_PATTERN.find(([pattern]) => pattern.test(name))?.[1]
  )
}
