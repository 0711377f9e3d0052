/**
 * Prints how long a pod waits for its EgressIP when the node that has the address is switched off as JSON, in ms: the median of 20. A new
 * connection every 10 ms; from the last one that was answered to the first that is, with the same address from another node.
 */
import { FAIRLEAD, start, startTwin, until } from '../../test/harness.ts'
import { median, progress, round } from '../measure.ts'

const TIMES = Number(process.argv[2] ?? 20)
const EIP = '172.18.0.50'
const OUTSIDE = '203.0.113.10'
const PORT = 8099
const SERVER = `require('net').createServer(s=>s.on('error',()=>{}).end(s.remoteAddress)).listen(${PORT},'0.0.0.0')`
const CLIENT = `
const net = require('net')
setInterval(() => {
  const s = net.connect(${PORT}, '${OUTSIDE}')
  const end = setTimeout(() => s.destroy(), 150)
  s.on('error', () => {}).on('data', b => b.includes('${EIP}') && console.log(performance.now())).on('close', () => clearTimeout(end))
}, 10)`
const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: default, labels: { app: web } }
spec: { nodeName: node-1, containers: [ { name: web, image: example.com/web, ports: [ { containerPort: 8080 } ] } ] }
---
apiVersion: k8s.ovn.org/v1
kind: EgressIP
metadata: { name: web }
spec: { egressIPs: [ ${EIP} ], namespaceSelector: {}, podSelector: { matchLabels: { app: web } } }
`

const twin = await startTwin({ name: 'bench-egress' })
const inside = (...args: string[]) => start(FAIRLEAD, ['exec', '--name', twin.name, ...args], twin.env)
const server = inside('internet', '--', process.execPath, '-e', SERVER)
try {
  await twin.kubectl('label', 'node', 'node-2', 'node-3', 'k8s.ovn.org/egress-assignable=')
  await twin.tryKubectl(['apply', '-f', '-'], { input: MANIFEST })
  await twin.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=30s')
  const client = inside('default/web', '--', process.execPath, '-e', CLIENT)
  let answers: number[] = []
  client.stdout.on('data', chunk => answers.push(...String(chunk).split('\n').filter(Boolean).map(Number)))
  const owner = () => twin.kubectl('get', 'egressip', 'web', '-o', 'jsonpath={.status.items[0].node}')
  const answered = (count: number) => until('connections are answered', async () => answers.length > count, 60_000)
  const took: number[] = []
  while (took.length < TIMES) {
    await until(
      'every node is heard',
      async () => !(await twin.kubectl('get', 'nodes', '-o', 'yaml')).includes('egress-unheard'),
    )
    await answered(50)
    answers = []
    await answered(20)
    const node = await owner()
    await twin.fairlead('node', 'stop', node)
    await until('it moved', async () => ![node, ''].includes(await owner()))
    await answered(answers.length + 50)
    took.push(Math.max(...answers.slice(1).map((at, i) => at - answers[i]!)))
    progress(`${took.length}: ${round(took.at(-1)!, 0)} ms`)
    await twin.fairlead('node', 'start', node)
    await twin.kubectl('wait', '--for=condition=Ready', `node/${node}`, '--timeout=60s')
    answers = []
  }
  client.kill()
  progress(`at most ${round(Math.max(...took), 0)} ms`)
  console.log(JSON.stringify({ egressIPFailoverMs: round(median(took), 0) }))
} finally {
  server.kill()
  await twin.down()
}
