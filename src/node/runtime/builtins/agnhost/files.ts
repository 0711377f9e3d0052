import type { Builtin } from '../mod.ts'
import { ended } from '../mod.ts'

const words = (text: string, keyword: string): readonly string[] =>
  text
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(line => line[0] === keyword)
    .flatMap(line => line.slice(1))

const printing =
  (text: (resolvConf: string, hosts: string) => string): Builtin =>
  async context => {
    context.out(text(context.pod.resolvConf, context.pod.hosts))
    return ended(0)
  }

export const dnsSuffix = printing(resolvConf => words(resolvConf, 'search').join(','))
export const dnsServerList = printing(resolvConf => words(resolvConf, 'nameserver').join(','))
export const etcHosts = printing((_, hosts) => hosts.trimEnd())
