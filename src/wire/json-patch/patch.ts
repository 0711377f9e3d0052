/**
 * JSON Patch (RFC 6902) as Kubernetes applies it: `replace` of a member that is missing adds it, negative indexes count
 * from the end, and the errors are worded as clients know them.
 */
import { cloneJson } from '../json/clone.ts'
import { isObject, jsonEqual } from '../json/value.ts'

export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError'
}

export const MAX_OPERATIONS = 10_000
/** All that `copy` operations of one patch may add, in bytes of JSON (about): copies of copies grow without bound. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024

type Operation = { readonly [member: string]: unknown }
type Container = Record<string, unknown> | unknown[]

/** Throws JsonPatchError when the patch is not a list of operations. */
export function checkJsonPatch(patch: unknown): readonly Operation[] {
  if (Array.isArray(patch) && patch.every(isObject)) return patch as readonly Operation[]
  const what = Array.isArray(patch) ? 'list with other items' : isObject(patch) ? 'object' : typeof patch
  throw new JsonPatchError(`a JSON patch is a list of operations, not ${what === 'object' ? 'an object' : `a ${what}`}`)
}

/** The document after every operation; neither argument changes. Throws JsonPatchError: all or nothing. */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  const state = { root: cloneJson(document), copiedBytes: 0 }
  for (const operation of operations) {
    const apply = OPERATIONS[kindOf(operation)]
    if (!apply) throw new JsonPatchError(`Unexpected kind: ${kindOf(operation)}`)
    apply(state, operation)
  }
  return state.root
}

interface State {
  root: unknown
  copiedBytes: number
}

const kindOf = (operation: Operation): string => (typeof operation.op === 'string' ? operation.op : 'unknown')

const OPERATIONS: Readonly<Record<string, ((state: State, operation: Operation) => void) | undefined>> = {
  __proto__: null as never,
  add,
  remove,
  replace,
  move,
  copy,
  test,
}

function add(state: State, operation: Operation): void {
  const path = textOf(operation, 'path', () => 'add operation failed to decode path: missing value')
  const place = find(state, path) ?? fail(`add operation does not apply: doc is missing path: "${path}": missing value`)
  put(place, cloneJson(operation.value ?? null), problem => `error in add for path: '${path}': ${problem}`)
}

function remove(state: State, operation: Operation): void {
  const path = textOf(operation, 'path', () => 'remove operation failed to decode path: missing value')
  const place =
    find(state, path) ?? fail(`remove operation does not apply: doc is missing path: "${path}": missing value`)
  take(place, problem => `error in remove for path: '${path}': ${problem}`)
}

function replace(state: State, operation: Operation): void {
  const path = textOf(operation, 'path', detail => `replace operation failed to decode path: ${detail}`)
  const value = cloneJson(operation.value ?? null)
  if (path === '') {
    if (typeof value !== 'object' || value === null) fail('replace operation value must be object or array')
    state.root = value
    return
  }
  const { container, key } =
    find(state, path) ?? fail(`replace operation does not apply: doc is missing path: ${path}: missing value`)
  const missing = (): never => fail(`replace operation does not apply: doc is missing key: ${path}: missing value`)
  if (Array.isArray(container)) container[indexOf(container, key, container.length - 1, missing)] = value
  else container[safeKey(key)] = value
}

function move(state: State, operation: Operation): void {
  const from = textOf(operation, 'from', detail => `move operation failed to decode from: ${detail}`)
  const source =
    find(state, from) ?? fail(`move operation does not apply: doc is missing from path: ${from}: missing value`)
  const value = take(source, problem => `error in move for path: '${source.key}': ${problem}`)
  const path = textOf(operation, 'path', detail => `move operation failed to decode path: ${detail}`)
  const target =
    find(state, path) ?? fail(`move operation does not apply: doc is missing destination path: ${path}: missing value`)
  put(target, value, problem => `error in move for path: '${path}': ${problem}`)
}

function copy(state: State, operation: Operation): void {
  const from = textOf(operation, 'from', detail => `copy operation failed to decode from: ${detail}`)
  const source =
    find(state, from) ?? fail(`copy operation does not apply: doc is missing from path: ${from}: missing value`)
  const value = get(source, problem => `error in copy for from: '${from}': ${problem}`) ?? null
  const path = textOf(operation, 'path', () => 'copy operation failed to decode path: missing value')
  const target =
    find(state, path) ?? fail(`copy operation does not apply: doc is missing destination path: ${path}: missing value`)
  state.copiedBytes += JSON.stringify(value).length
  if (state.copiedBytes > MAX_COPIED_BYTES)
    fail(
      `Unable to complete the copy, the accumulated size increase of copy is ${state.copiedBytes}, exceeding the limit ${MAX_COPIED_BYTES}`,
    )
  put(target, cloneJson(value), problem => `error while adding value during copy: ${problem}`)
}

function test(state: State, operation: Operation): void {
  const path = textOf(operation, 'path', detail => `test operation failed to decode path: ${detail}`)
  const place = path === '' ? undefined : find(state, path)
  if (path !== '' && !place) fail(`test operation does not apply: is missing path: ${path}: missing value`)
  const value = place ? get(place, problem => `error in test for path: '${path}': ${problem}`) : state.root
  if (!jsonEqual(value ?? null, operation.value ?? null)) fail(`testing value ${path} failed: test failed`)
}

function textOf(operation: Operation, member: 'path' | 'from', words: (detail: string) => string): string {
  const value = operation[member]
  if (typeof value === 'string') return value
  return fail(
    words(`${member === 'path' ? 'operation missing path field' : 'operation, missing from field'}: missing value`),
  )
}

interface Place {
  readonly container: Container
  readonly key: string
}
type Words = (problem: string) => string

/** The container of the path's last step; undefined when a step on the way is missing. */
function find(state: State, path: string): Place | undefined {
  const steps = path.split('/').slice(1).map(unescapeStep)
  const key = steps.pop()
  if (key === undefined) return undefined
  let current: unknown = state.root
  for (const step of steps) current = child(current, step)
  return isContainer(current) ? { container: current, key } : undefined
}

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null
const unescapeStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')

function child(value: unknown, step: string): unknown {
  if (Array.isArray(value)) {
    const index = parseIndex(step)
    return index === undefined ? undefined : value.at(index)
  }
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

function get({ container, key }: Place, words: Words): unknown {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined
  return container[indexOf(container, key, container.length - 1, problem => fail(words(problem)))]
}

function take({ container, key }: Place, words: Words): unknown {
  if (Array.isArray(container)) {
    const index = indexOf(container, key, container.length - 1, problem => fail(words(problem)))
    return container.splice(index, 1)[0]
  }
  if (!Object.hasOwn(container, key)) fail(words(`Unable to remove nonexistent key: ${key}: missing value`))
  const value = container[key]
  delete container[key]
  return value
}

function put({ container, key }: Place, value: unknown, words: Words): void {
  if (!Array.isArray(container)) container[safeKey(key)] = value
  else if (key === '-') container.push(value)
  else {
    const proper = parseIndex(key) === undefined ? `value was not a proper array index: '${key}': ` : ''
    container.splice(
      indexOf(container, key, container.length, problem => fail(words(proper + problem))),
      0,
      value,
    )
  }
}

/** An index in 0 to last; negative ones count from just beyond last. */
function indexOf(list: readonly unknown[], key: string, last: number, refuse: (problem: string) => never): number {
  const index = parseIndex(key)
  if (index === undefined) return refuse(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
  const size = Math.max(last + 1, list.length)
  if (index > last || index < -size) return refuse(`Unable to access invalid index: ${index}: invalid index referenced`)
  return index < 0 ? index + size : index
}

const parseIndex = (text: string): number | undefined => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined)

function safeKey(key: string): string {
  return key === '__proto__' ? fail('the member name __proto__ is not supported') : key
}

function fail(message: string): never {
  throw new JsonPatchError(message)
}
