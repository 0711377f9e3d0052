/** The real host: everything a role may touch outside of its own memory. Each part is made at first use. */
import { join } from 'node:path'
import { kernelArp } from '../host/arp/real.ts'
import { systemClock } from '../host/clock/real.ts'
import { kernelConntrack } from '../host/conntrack/real.ts'
import { systemFs } from '../host/fs/real.ts'
import { kernelIpPackets } from '../host/ip-packets/real.ts'
import { kernelLinks } from '../host/link/real.ts'
import { flockDriver } from '../host/lock/real.ts'
import { assertOneNamespace, kernelNetns } from '../host/netns/real.ts'
import { kernelPacketLog } from '../host/nflog/real.ts'
import { kernelNft } from '../host/nft/real.ts'
import { kernelProcesses } from '../host/process/real.ts'
import { kernelSockets } from '../host/socket/real.ts'
import { nodeThreads } from '../host/thread/real.ts'

/** Must be made before anything enters another namespace: asserts that every thread is in the same one. */
export async function realHost() {
  await assertOneNamespace()
  const netns = kernelNetns()
  return {
    clock: systemClock,
    fs: systemFs,
    locks: flockDriver,
    netns,
    links: kernelLinks(netns),
    nft: kernelNft(netns),
    conntrack: kernelConntrack(netns),
    arp: kernelArp(netns),
    ipPackets: kernelIpPackets(netns),
    packetLog: kernelPacketLog(netns),
    sockets: kernelSockets(netns),
    processes: kernelProcesses(netns),
    threads: nodeThreads({ file: join(__dirname, 'boot.cjs') }),
  }
}
export type RealHost = Awaited<ReturnType<typeof realHost>>
