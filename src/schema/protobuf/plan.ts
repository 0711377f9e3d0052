/** A message as the wire sees it: fields by number. Computed once for each message. */
import type { Field, FieldType, Message } from '../field.ts'

export interface WireField {
  readonly name: string
  readonly tag: number
  readonly type: FieldType
  readonly inline: boolean
}

export interface WirePlan {
  readonly message: Message
  readonly byTag: ReadonlyMap<number, WireField>
}

const plans = new WeakMap<Message, WirePlan>()

export function wirePlan(message: Message): WirePlan {
  let plan = plans.get(message)
  if (!plan) {
    const fields = Object.entries(message.fields).filter(([, field]) => field.tag > 0)
    plan = { message, byTag: new Map(fields.map(([name, field]) => [field.tag, wireField(name, field)])) }
    plans.set(message, plan)
  }
  return plan
}

const wireField = (name: string, field: Field): WireField => ({
  name,
  tag: field.tag,
  type: field.type,
  inline: field.options.inline ?? false,
})
