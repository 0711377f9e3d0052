import { messageOf, unreachable } from '../../lib/errors.ts'
import { execCheck } from './exec.ts'
import { grpcCheck } from './grpc.ts'
import { httpCheck } from './http.ts'
import type { Check, Outcome, ProbeDeps, TcpCheck } from './mod.ts'
import { at, dialError } from './words.ts'

/** Carries out one check; its failure is an outcome, never a rejection. */
export async function probe(deps: ProbeDeps, check: Check, timeoutMs: number): Promise<Outcome> {
  try {
    switch (check.kind) {
      case 'http':
        return await httpCheck(deps, check, timeoutMs)
      case 'tcp':
        return await tcpCheck(deps, check, timeoutMs)
      case 'exec':
        return await execCheck(deps, check, timeoutMs)
      case 'grpc':
        return await grpcCheck(deps, check, timeoutMs)
      case 'invalid':
        return { ok: false, message: check.message }
      default:
        return unreachable(check)
    }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

function tcpCheck(deps: ProbeDeps, { address, port }: TcpCheck, timeoutMs: number): Promise<Outcome> {
  const socket = deps.socket.connect({ netns: deps.netns, address, port })
  return new Promise(resolve => {
    const end = (outcome: Outcome): void => {
      cancel()
      socket.destroy()
      resolve(outcome)
    }
    const cancel = deps.clock.after(timeoutMs, () =>
      end({ ok: false, message: `dial tcp ${at(address, port)}: i/o timeout` }),
    )
    socket.once('connect', () => end({ ok: true, message: '' }))
    socket.on('error', error => end({ ok: false, message: dialError(error, address, port) }))
  })
}
