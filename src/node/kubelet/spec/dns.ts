import type { Pod } from '../../../api/core/pod.ts'

export interface DnsOptions {
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** The node's own resolv.conf. */
  readonly nodeResolvConf: string
}

export interface ResolvConf {
  readonly text: string
  /** What had to be left out; for a Warning event DNSConfigForming. */
  readonly problems: readonly string[]
}

interface Parsed {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

const MAX_NAMESERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARACTERS = 2048

/** resolv.conf by dnsPolicy, with dnsConfig added, within the limits of the resolver. */
export function resolvConf(pod: Pod, options: DnsOptions): ResolvConf {
  const base = baseOf(pod, options)
  const config = pod.spec.dnsConfig
  const merged: Parsed = {
    nameservers: unique([...base.nameservers, ...(config?.nameservers ?? [])]),
    searches: unique([...base.searches, ...(config?.searches ?? [])]),
    options: mergedOptions(
      base.options,
      (config?.options ?? []).map(({ name, value }) => (value ? `${name}:${value}` : (name ?? ''))),
    ),
  }
  const fitted = withinLimits(merged)
  return { text: print(fitted), problems: problemsOf(merged, fitted) }
}

function baseOf(pod: Pod, { clusterDns, clusterDomain, nodeResolvConf }: DnsOptions): Parsed {
  const node = parse(nodeResolvConf)
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { nameservers: [], searches: [], options: [] }
  const isNodes = policy === 'Default' || (policy === 'ClusterFirst' && pod.spec.hostNetwork) || clusterDns.length === 0
  if (isNodes) return node
  const cluster = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  return { nameservers: clusterDns, searches: [...cluster, ...node.searches], options: ['ndots:5'] }
}

/** The last search line counts; the dot alone and trailing dots are dropped. */
function parse(text: string): Parsed {
  const lines = text.split('\n').map(line => line.trim().split(/\s+/))
  const all = (keyword: string): readonly string[][] =>
    lines.filter(line => line[0] === keyword).map(line => line.slice(1))
  return {
    nameservers: all('nameserver').flatMap(words => words.slice(0, 1)),
    searches: (all('search').at(-1) ?? []).map(domain => domain.replace(/\.$/, '')).filter(domain => domain !== ''),
    options: all('options').flat(),
  }
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]
const optionName = (option: string): string => option.split(':')[0]!

/** The pod's own options win by name. */
function mergedOptions(base: readonly string[], own: readonly string[]): readonly string[] {
  const names = new Set(own.map(optionName))
  return [...base.filter(option => !names.has(optionName(option))), ...own]
}

function withinLimits(parsed: Parsed): Parsed {
  const searches: string[] = []
  let characters = 0
  for (const domain of parsed.searches) {
    characters += domain.length + (searches.length > 0 ? 1 : 0)
    if (searches.length >= MAX_SEARCHES || characters > MAX_SEARCH_CHARACTERS) break
    searches.push(domain)
  }
  return { ...parsed, nameservers: parsed.nameservers.slice(0, MAX_NAMESERVERS), searches }
}

function problemsOf(wanted: Parsed, fitted: Parsed): readonly string[] {
  const problems: string[] = []
  if (fitted.nameservers.length < wanted.nameservers.length)
    problems.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${fitted.nameservers.join(' ')}`,
    )
  if (fitted.searches.length < wanted.searches.length)
    problems.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${fitted.searches.join(' ')}`,
    )
  return problems
}

const print = ({ nameservers, searches, options }: Parsed): string =>
  [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map(server => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
    .map(line => `${line}\n`)
    .join('')
