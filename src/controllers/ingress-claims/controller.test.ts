import { afterEach, expect, test } from 'vitest'
import { Event } from '../../api/core/event.ts'
import { Ingress } from '../../api/networking/ingress.ts'
import { IngressClass } from '../../api/networking/ingress-class.ts'
import { createEventRecorder } from '../../client/events.ts'
import { eventually, settled, type TestBench, testBench } from '../../client/testing.ts'
import { startIngressClaims } from './controller.ts'

let bench: TestBench
afterEach(() => bench?.close())

async function start(classless: boolean): Promise<void> {
  bench = testBench()
  const { api, informers } = bench
  for (const [name, controller] of [
    ['openshift-default', 'openshift.io/ingress-to-route'],
    ['fairlead', 'fairlead.dev/ingress'],
    ['traefik', 'traefik.io/ingress-controller'],
  ])
    api.put(IngressClass, { metadata: { name: name! }, spec: { controller: controller! } })
  const events = (component: string) => createEventRecorder({ ...bench, client: api.client }, { component })
  await startIngressClaims({ ...bench, client: informers.client, events }, { classless }, bench.signal)
}

function put(name: string, ingressClassName?: string, annotations = {}): void {
  bench.api.put(Ingress, {
    metadata: { namespace: 'shop', name, annotations },
    spec: { rules: [], ...(ingressClassName === undefined ? {} : { ingressClassName }) },
  } as never)
}
const told = () => bench.api.all(Event).map(({ involvedObject, message }) => `${involvedObject.name}: ${message}`)
const after = (text: string) => eventually(() => told().some(line => line.includes(text)), told)

test('an Ingress that nobody claims is told why; one that somebody claims is told nothing', async () => {
  await start(false)
  put('ours', 'fairlead')
  put('old', undefined, { 'kubernetes.io/ingress.class': 'nginx' })
  put('none')
  put('lost', 'lost')
  put('foreign', 'traefik')
  put('routes', 'openshift-default')
  await after('none: nobody serves this Ingress: it has no spec.ingressClassName, and no IngressClass is the default')
  await after('lost: nobody serves this Ingress: there is no IngressClass "lost"')
  await after(
    'foreign: nobody serves this Ingress: IngressClass traefik is for the controller "traefik.io/ingress-controller"',
  )
  await after('routes: nobody serves this Ingress: IngressClass openshift-default')
  await settled(bench)
  expect(told().filter(line => /^(ours|old):/.test(line))).toEqual([])
})

test('on OKD those without a class are served', async () => {
  await start(true)
  put('none')
  put('routes', 'openshift-default')
  put('lost', 'lost')
  await after('lost: nobody')
  await settled(bench)
  expect(told()).toHaveLength(1)
})
