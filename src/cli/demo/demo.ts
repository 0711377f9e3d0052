import { Service } from '../../api/core/service.ts'
import { Route } from '../../api/route/route.ts'
import { UserError } from '../../lib/errors.ts'
import { ip } from '../../lib/ip.ts'
import type { TwinControl } from '../../twin/mod.ts'
import type { CliDeps, NamedOption } from '../deps.ts'
import { wait } from '../wait.ts'
import type { Hop, Observer } from './journey.ts'
import { throughRouter, throughService } from './journey.ts'
import { observer, podsOf, runIn, tapped } from './observe.ts'
import { applyAll } from './shop.ts'

/** Tries until the router's choice falls on a pod of another node: with pods on three nodes one miss in three is the worst. */
const ATTEMPTS = 40

interface Stage {
  readonly deps: CliDeps
  readonly control: TwinControl
  readonly client: Awaited<ReturnType<CliDeps['api']>>
  readonly observer: Observer
  readonly hosts: { readonly inside: string; readonly outside: string }
  readonly vip: string
}

/**
 * Applies the shop and follows three requests through it: from this machine, from the outside host, from a pod. Every hop printed
 * is something that this very request left behind; the exit code is 1 as soon as one is missing.
 */
export async function demo(deps: CliDeps, options: NamedOption): Promise<number> {
  const control = await deps.twins.control(options.name)
  const client = await deps.api(options.name)
  try {
    if ((await control.status()).profile !== 'okd')
      throw new UserError('DemoProfile', 'the demo follows requests through Routes, which plain Kubernetes has not', {
        hint: 'start a twin of the profile okd: ./fairlead up --name demo; ./fairlead demo --name demo',
      })
    deps.out('Applying examples/shop\n')
    const texts = await Promise.all((await deps.example('shop')).map(path => deps.readFile(path)))
    for (const { kind, namespace, name } of await applyAll(client, texts))
      deps.out(`  ${kind} ${namespace ? `${namespace}/` : ''}${name}\n`)
    await wait(deps, { ...options, timeout: '60s' })
    const stage: Stage = {
      deps,
      control,
      client,
      observer: observer(client, control, deps.clock),
      ...(await places(client, control)),
    }
    const complete = await tapped(client, control, async () => {
      const journeys = [await fromHost(stage), await fromOutside(stage), await fromPod(stage)]
      return journeys.every(Boolean)
    })
    deps.out(complete ? '\nEvery hop was seen.\n' : '\nA hop is missing.\n')
    return complete ? 0 : 1
  } finally {
    control.close()
    client.close()
  }
}

async function places(client: Stage['client'], control: TwinControl): Promise<Pick<Stage, 'hosts' | 'vip'>> {
  const route = await client.get(Route, { namespace: 'production', name: 'api' })
  const inside = route.spec.host ?? ''
  const lb = (await control.status()).outside.find(host => host.name === 'vip')
  if (!inside || !lb)
    throw new UserError('DemoRoute', 'the Route api in production has no host', {
      hint: 'kubectl describe route api -n production',
    })
  return { hosts: { inside, outside: inside.replace(/\.test$/, '.localhost') }, vip: lb.address }
}

const requestId = (clock: CliDeps['clock'], where: string): string => `${where}-${Math.floor(clock.now()).toString(36)}`

function print(deps: CliDeps, title: string, hops: readonly Hop[]): boolean {
  deps.out(`\n${title}\n`)
  const width = Math.max(...hops.map(({ where }) => where.length))
  for (const { where, seen } of hops)
    deps.out(
      `  ${seen === undefined ? 'MISSING' : '   seen'}  ${where.padEnd(width)} ${seen ?? 'this request left no trace here'}\n`,
    )
  return hops.length > 0 && hops.every(hop => hop.seen !== undefined)
}

async function fromHost(stage: Stage): Promise<boolean> {
  const { deps, hosts } = stage
  const { ports } = await stage.control.status()
  const url = `https://${hosts.outside}${ports.https === 443 ? '' : `:${ports.https}`}`
  for (let attempt = 1; ; attempt++) {
    const id = requestId(deps.clock, `host${attempt}`)
    const answer = await deps.fetch(ports.https, hosts.outside, `/${id}`)
    const door: Hop = {
      where: 'front door',
      seen:
        answer.status === 200
          ? `127.0.0.1:${ports.https}: status 200, certificate for ${answer.certificateNames}`
          : undefined,
    }
    const hops = [door, ...(await throughRouter(stage.observer, id))]
    const crossed = hops.some(hop => hop.where.startsWith('VXLAN'))
    if (crossed || attempt === ATTEMPTS) {
      const through = crossed ? hops : [...hops, { where: 'VXLAN', seen: undefined }]
      return print(deps, `From this machine: GET ${url}/${id}`, through)
    }
  }
}

async function fromOutside(stage: Stage): Promise<boolean> {
  const { deps, hosts, vip, control } = stage
  const id = requestId(deps.clock, 'outside')
  const url = `https://${hosts.inside}/${id}`
  const code = await runIn(control, 'client', [
    'curl',
    '-sk',
    '-m5',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '--resolve',
    `${hosts.inside}:443:${vip}`,
    url,
  ])
  const answer: Hop = { where: 'curl on client', seen: code.text === '200' ? `status 200 from ${vip}:443` : undefined }
  return print(deps, `From the outside host: GET ${url}`, [answer, ...(await throughRouter(stage.observer, id))])
}

async function fromPod(stage: Stage): Promise<boolean> {
  const { deps, client, control } = stage
  const id = requestId(deps.clock, 'pod')
  const [frontend] = await podsOf(client, 'app=frontend')
  const service = await client.get(Service, { namespace: 'production', name: 'api' })
  if (!frontend || !service.spec.clusterIP) return print(deps, 'From a pod', [{ where: 'pod', seen: undefined }])
  const url = `http://api.production.svc/${id}`
  const answer = await runIn(control, `production/${frontend.name}`, ['wget', '-qO-', url])
  const asked: Hop = {
    where: `wget in ${frontend.name}`,
    seen: answer.code === 0 ? `answered: ${answer.text.split('\n')[0]}` : undefined,
  }
  const to = { address: ip(service.spec.clusterIP), port: 80 }
  const hops = await throughService(stage.observer, id, frontend, to, await podsOf(client, 'app=api'))
  return print(deps, `From a pod on ${frontend.node}: GET ${url}`, [asked, ...hops])
}
