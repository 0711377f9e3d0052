import type { Mount } from '../../../host/process/mod.ts'
import { logPath, podFolder } from '../files.ts'
import { readLog } from '../logs/read.ts'
import type { ContainerSpec } from '../mod.ts'
import type { Runtime } from '../state.ts'

const MAX_BYTES = 4096
/** Of a log that stands in for a message. Source: kubelet. */
const LOG_LINES = 80
const LOG_BYTES = 2048

const termPath = (runtime: Runtime, { podUid, name, attempt }: ContainerSpec): string =>
  `${podFolder(runtime.options.stateDir, podUid)}/termination/${name}-${attempt}`

/** The file that a container may write its last words into, where its spec asks for one. */
export function terminationMount(runtime: Runtime, spec: ContainerSpec): readonly Mount[] {
  if (!spec.termination) return []
  const source = termPath(runtime, spec)
  const { fs } = runtime.deps
  if (fs.kind(source) === undefined) fs.write(source, '', 0o666)
  return [{ source, target: spec.termination.path }]
}

/** Why an attempt ended, in its own words. */
export function messageOfEnd(
  runtime: Runtime,
  spec: ContainerSpec,
  exitCode: number,
  failure: string | undefined,
): { readonly message?: string } {
  if (failure !== undefined) return { message: failure }
  if (!spec.termination) return {}
  const { fs } = runtime.deps
  const source = termPath(runtime, spec)
  const words = fs.slice(source, 0, MAX_BYTES).toString('utf8')
  fs.remove(source)
  if (words !== '') return { message: words }
  if (!spec.termination.fromLog || exitCode === 0) return {}
  const path = logPath(runtime.options.stateDir, spec.podUid, spec.name, spec.attempt)
  const log = Buffer.concat([...readLog(fs, path, { tailLines: LOG_LINES })]).subarray(-LOG_BYTES)
  return log.length > 0 ? { message: log.toString('utf8') } : {}
}
