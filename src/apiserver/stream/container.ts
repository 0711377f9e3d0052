import type { Pod } from '../../api/core/pod.ts'
import { badRequest } from '../status-error.ts'

type Named = { readonly name: string }
const namesOf = (containers: readonly Named[] | undefined): string =>
  (containers ?? []).map(({ name }) => name).join(' ')

/** The container a request means: the one it names, or the only one. Throws 400 in the API's words. */
export function chooseContainer(pod: Pod, asked: string): string {
  const { containers, initContainers, ephemeralContainers } = pod.spec
  const { name } = pod.metadata
  if (asked !== '') {
    const all: readonly Named[] = [...containers, ...(initContainers ?? []), ...(ephemeralContainers ?? [])]
    if (all.some(container => container.name === asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  if (containers.length === 1) return containers[0]!.name
  if (containers.length === 0) throw badRequest(`a container name must be specified for pod ${name}`)
  const init = namesOf(initContainers)
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${namesOf(containers)}]${init === '' ? '' : ` or one of the init containers: [${init}]`}`,
  )
}

/** Throws 400 for a pod that no node has yet. */
export function checkScheduled(pod: Pod): void {
  if (!pod.spec.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
}
