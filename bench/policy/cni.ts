/** Prints, as JSON, how long the 99th of 100 container engines waits for a pod's network: plugin exec to result, 500 pods. */
import { mkdtempSync, rmSync } from 'node:fs'
import { systemClock } from '../../src/host/clock/real.ts'
import { systemFs } from '../../src/host/fs/real.ts'
import { kernelLinks } from '../../src/host/link/real.ts'
import { kernelNetns } from '../../src/host/netns/real.ts'
import { kernelNft } from '../../src/host/nft/real.ts'
import { kernelSockets } from '../../src/host/socket/real.ts'
import { cidr } from '../../src/lib/cidr.ts'
import { ip } from '../../src/lib/ip.ts'
import { silent } from '../../src/lib/log.ts'
import { createCni } from '../../src/node/cni/cni.ts'
import { servePlugin } from '../../src/node/cni/plugin/serve.ts'
import { callPlugin } from '../../src/node/cni/plugin/testing.ts'
import { round, statOf } from '../measure.ts'

const PODS = 500
// As in the twin, addresses that were given are kept in memory.
const folder = mkdtempSync('/dev/shm/fairlead-bench-cni-')
const netns = kernelNetns()
const link = kernelLinks(netns)
const facts = { ranges: [cidr('10.128.0.0/22')], mtu: 1400 }
link.apply(netns.home, [
  { op: 'bridge', name: 'ovn-k8s-mp0' },
  { op: 'up', name: 'ovn-k8s-mp0' },
  { op: 'address', name: 'ovn-k8s-mp0', address: ip('10.128.0.2'), bits: 32 },
])
const kernel = { netns, link, nft: kernelNft(netns), fs: systemFs }
const cni = createCni(kernel, { node: netns.home, ...facts, ledgerPath: `${folder}/cni.json` })
const stop = new AbortController()
await servePlugin(
  {
    node: netns.home,
    netns,
    link,
    clock: systemClock,
    log: silent,
    sockets: kernelSockets(netns),
    pod: async () => undefined,
    network: () => ({ cni, ...facts }),
  },
  `${folder}/cni.sock`,
  stop.signal,
)
const tookMs: number[] = []
const before = statOf(process.pid)
for (let i = 0; i < PODS; i++) {
  netns.close(netns.create(`box-${i}`))
  const startedMs = performance.now()
  const { code } = await callPlugin(
    `${folder}/cni.sock`,
    { CNI_COMMAND: 'ADD', CNI_CONTAINERID: `c${i}`, CNI_NETNS: `/run/netns/box-${i}`, CNI_IFNAME: 'eth0' },
    { cniVersion: '1.1.0', name: 'fairlead', type: 'fairlead' },
  )
  tookMs.push(performance.now() - startedMs)
  if (code !== 0) throw new Error(`ADD ${i} ended with ${code}`)
}
stop.abort()
rmSync(folder, { recursive: true })
tookMs.sort((a, b) => a - b)
const after = statOf(process.pid)
const cniAddAgentCpuMs = round((after.cpuMs - before.cpuMs) / PODS, 1)
const cniAddPluginCpuMs = round((after.childrenCpuMs - before.childrenCpuMs) / PODS, 1)
console.error(`  ADD: ${cniAddAgentCpuMs} ms of CPU here, ${cniAddPluginCpuMs} ms in the plugin`)
console.error(`  ADD: p50 ${tookMs[PODS / 2]!.toFixed(1)} ms, p99 ${tookMs[Math.floor(PODS * 0.99)]!.toFixed(1)} ms`)
const cniAddP99Ms = round(tookMs[Math.floor(PODS * 0.99)]!, 1)
console.log(JSON.stringify({ cniAddP99Ms, cniAddAgentCpuMs, cniAddPluginCpuMs }))
process.exit(0)
