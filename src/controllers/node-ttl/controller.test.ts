import { onTestFinished, test } from 'vitest'
import { Node } from '../../api/core/node.ts'
import { eventually } from '../../client/testing.ts'
import { controllerBench, nodeSeed } from '../shared/testing.ts'
import { startNodeTtl } from './controller.ts'

test('nodes tell how long kubelets may believe what they read, by the size of the cluster', async () => {
  const bench = controllerBench()
  onTestFinished(() => bench.close())
  const ttl = (name: string) => bench.api.get(Node, { name })?.metadata.annotations?.['node.alpha.kubernetes.io/ttl']
  bench.api.put(Node, nodeSeed('node-0'))
  await startNodeTtl(bench.deps, bench.signal)
  await eventually(() => ttl('node-0') === '0')
  for (let index = 1; index <= 100; index++) bench.api.put(Node, nodeSeed(`node-${index}`))
  await eventually(() => ttl('node-100') === '15')
})
