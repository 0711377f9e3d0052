import type { FrontChange } from '../../datapath/claims.ts'
import { deleting } from '../../datapath/elements.ts'
import { mapName } from '../../datapath/shape.ts'
import { TABLE } from '../../datapath/skeleton.ts'
import type { Nft } from '../../host/nft/mod.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/log.ts'
import { listed } from '../../wire/nft/listed.ts'
import type { NftText } from '../../wire/nft/text.ts'
import { transaction } from '../../wire/nft/transaction.ts'

/** Clients that a Service with session affinity led to a backend that is gone are to choose anew. */
export function forgetAffinity(nft: Nft, changes: readonly FrontChange[], log: Logger): void {
  for (const { key, old, next } of changes) {
    if (!old || old.learnSeconds === undefined) continue
    const kept = new Set(next ? [...next.endpoints, ...next.outsideEndpoints] : [])
    const gone = new Set<string>([...old.endpoints, ...old.outsideEndpoints].filter(backend => !kept.has(backend)))
    if (gone.size > 0 || next?.learnSeconds === undefined) forget(nft, mapName('affinity', old.family), key, gone, log)
  }
}

function forget(nft: Nft, map: string, front: NftText, gone: ReadonlySet<string>, log: Logger): void {
  for (const element of nft.elements(TABLE.family, TABLE.name, map) ?? []) {
    const read = listed(element)
    if (!read?.key.endsWith(` . ${front}`) || !gone.has(read.value ?? '')) continue
    try {
      nft.run(transaction(TABLE, [deleting({ of: map, key: read.key as NftText })]))
    } catch (error) {
      // It may have timed out meanwhile.
      log.debug({ error: messageOf(error), client: read.key }, 'an affinity was gone already')
    }
  }
}
