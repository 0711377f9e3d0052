import type { FrontChange } from '../../datapath/claims.ts'
import { deleting } from '../../datapath/elements.ts'
import type { Program } from '../../datapath/program.ts'
import { isLearned, mapName } from '../../datapath/shape.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import type { Nft } from '../../host/nft/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Family } from '../../lib/ip.ts'
import type { Logger } from '../../lib/log.ts'
import { listed } from '../../wire/nft/listed.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { transaction } from '../../wire/nft/transaction.ts'
import { lostBackends } from './flows.ts'

/** Clients that a Service with session affinity led to a backend that is gone are to choose anew. */
export function forgetAffinity(nft: Nft, changes: readonly FrontChange[], log: Logger): void {
  for (const { key, old, next } of changes) {
    if (!old || old.learnSeconds === undefined) continue
    // Who comes back to a Service that has affinity again is not to find what was learned long ago.
    const isOver = next?.learnSeconds === undefined
    const gone = new Set(lostBackends(old, isOver ? undefined : next))
    if (gone.size > 0) forget(nft, mapName('affinity', old.family), key, gone, log)
  }
}

function forget(nft: Nft, map: string, front: NftText, gone: ReadonlySet<string>, log: Logger): void {
  for (const element of nft.elements(TABLE.family, TABLE.name, map) ?? []) {
    const read = listed(element)
    if (!read?.key.endsWith(` . ${front}`) || !gone.has(read.value ?? '')) continue
    drop(nft, map, read.key, log)
  }
}

/** What was learned while no agent looked: clients of Services, or of backends, that are no more choose anew. */
export function sweepAffinity(nft: Nft, program: Program, families: readonly Family[], log: Logger): void {
  const backends = new Map<string, ReadonlySet<string>>()
  for (const { key, learnSeconds, endpoints, outside, outsideEndpoints } of program.fronts()) {
    if (learnSeconds === undefined) continue
    // Who came from outside cannot be told from who did not: what is not for both is chosen anew.
    const forOutside = outside === undefined ? endpoints : outsideEndpoints
    backends.set(key, new Set(endpoints.filter(backend => forOutside.includes(backend))))
  }
  for (const family of families.filter(isLearned)) {
    const map = mapName('affinity', family)
    for (const element of nft.elements(TABLE.family, TABLE.name, map) ?? []) {
      const read = listed(element)
      const front = read?.key.split(' . ').slice(1).join(' . ')
      if (read && front !== undefined && !backends.get(front)?.has(read.value ?? '')) drop(nft, map, read.key, log)
    }
  }
}

function drop(nft: Nft, map: string, key: string, log: Logger): void {
  try {
    nft.run(transaction(TABLE, [deleting({ of: map, key: key as NftText })]))
  } catch (error) {
    // It may have timed out meanwhile.
    log.debug({ error: messageOf(error), client: key }, 'an affinity was gone already')
  }
}
