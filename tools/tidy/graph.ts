import type { SourceFile } from './source.ts'
import { isTest, targetOf } from './source.ts'

type Graph = ReadonlyMap<string, readonly string[]>

/** Who imports whom when the program runs: type imports left out. */
function runtimeGraph(files: readonly SourceFile[]): Graph {
  const known = new Set(files.map(file => file.path))
  return new Map(
    files.map(file => [
      file.path,
      file.imports
        .filter(entry => !entry.typeOnly)
        .map(entry => targetOf(file.path, entry.specifier))
        .filter((path): path is string => path !== undefined && known.has(path)),
    ]),
  )
}

/** Files that import each other in a ring: one line for each ring. Messages that name each other lazily may (see the list). */
export function checkCycles(files: readonly SourceFile[], lazyRings: readonly string[]): string[] {
  const graph = runtimeGraph(files)
  return stronglyConnected(graph)
    .filter(ring => ring.length > 1 && !ring.every(path => lazyRings.some(folder => path.startsWith(folder))))
    .map(ring => `import cycle: ${ring.sort().join(' <-> ')}`)
}

/** Tarjan's algorithm, iterative over an explicit stack of frames. */
function stronglyConnected(graph: Graph): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const components: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    low.set(node, order.get(node)!)
    stack.push(node)
    onStack.add(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next)
        low.set(node, Math.min(low.get(node)!, low.get(next)!))
      } else if (onStack.has(next)) low.set(node, Math.min(low.get(node)!, order.get(next)!))
    }
    if (low.get(node) !== order.get(node)) return
    const component = stack.splice(stack.indexOf(node))
    for (const member of component) onStack.delete(member)
    components.push(component)
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return components
}

/** Files that nothing reaches from the entry points. Type imports count as use. */
export function checkDead(files: readonly SourceFile[], entries: readonly string[]): string[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const seen = new Set<string>()
  const pending = files.map(file => file.path).filter(path => entries.includes(path) || isTest(path))
  while (pending.length > 0) {
    const path = pending.pop()!
    if (seen.has(path)) continue
    seen.add(path)
    for (const entry of byPath.get(path)?.imports ?? []) {
      const target = targetOf(path, entry.specifier)
      if (target && byPath.has(target)) pending.push(target)
    }
  }
  return files.filter(file => !seen.has(file.path)).map(file => `${file.path}: nothing uses this file`)
}
