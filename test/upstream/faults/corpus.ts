import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cloneJson } from '../../../src/wire/json/clone.ts'
import type { Base } from './bases.ts'
import { BASES } from './bases.ts'

export interface Fault {
  /** Its line, below the line of its base: unique. */
  readonly name: string
  readonly base: Base
  /** The base is there already, and is replaced. */
  readonly isUpdate: boolean
  spoil(object: object): object
}

const HERE = import.meta.dirname

export const FAULTS: readonly Fault[] = faultsOf(readFileSync(join(HERE, 'corpus.txt'), 'utf8'))

function faultsOf(text: string): Fault[] {
  const faults: Fault[] = []
  let heading = ''
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    if (!line.startsWith(' ')) {
      heading = line
      continue
    }
    const [, path = '', value] = /^ {2}(\S+)(?: (.*))?$/.exec(line)!
    const [base = '', update] = heading.split(' ')
    faults.push({
      name: `${heading}: ${line.trim()}`,
      base: BASES[base]!,
      isUpdate: update !== undefined,
      spoil: object => spoiled(object, path.split('.'), value === undefined ? undefined : JSON.parse(value)),
    })
  }
  return faults
}

/** The object with one field set, or taken away. */
function spoiled(object: object, path: readonly string[], value: unknown): object {
  const result = cloneJson(object) as Record<string, unknown>
  let at = result
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>
  const last = path.at(-1)!
  if (value === undefined) delete at[last]
  else at[last] = value
  return result
}

/** What a server says to a fault: of a success its code alone. */
export interface Said {
  readonly code: number
  readonly reason?: string
  readonly message?: string
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[]
}

export interface Response {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
  readonly json: any
}

export type Send = (method: string, path: string, body?: object) => Promise<Response>

/** Creates the bases, then asks about every fault without storing anything. */
export async function askAll(send: Send): Promise<Record<string, Said>> {
  const there = new Map<Base, object>()
  for (const base of Object.values(BASES)) {
    const { status, json } = await send('POST', base.path, base.object)
    if (status !== 201) throw new Error(`${base.path}: ${json?.message}`)
    // Controllers may have written meanwhile: whatever is there is replaced.
    delete json.metadata.resourceVersion
    there.set(base, json)
  }
  const said: Record<string, Said> = {}
  for (const { name, base, isUpdate, spoil } of FAULTS) {
    const fresh = { ...base.object, metadata: { ...base.object.metadata, name: 'new' } }
    const body = spoil(isUpdate ? there.get(base)! : fresh)
    const path = isUpdate ? `${base.path}/${base.object.metadata.name}` : base.path
    said[name] = saidOf(await send(isUpdate ? 'PUT' : 'POST', `${path}?dryRun=All&fieldValidation=Strict`, body))
  }
  return said
}

function saidOf({ status, json }: Response): Said {
  if (status < 300) return { code: status }
  const causes = json.details?.causes
  return JSON.parse(known(JSON.stringify({ code: status, reason: json.reason ?? '', message: json.message, causes })))
}

/** What two servers cannot share: identities, and addresses that they drew. */
const known = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
    .replace(/10\.(9[6-9]|10\d|11[01])\.\d+\.\d+/g, '<address>')
    .replace(/0x[0-9a-f]{6,}/g, '<pointer>')
    // What Go shows of two pods side by side.
    .replace(/\\n\s*core\.PodSpec\{(?:[^"\\]|\\.)*?(\]?)(?=")/g, '$1')
