import { expect, test } from 'vitest'
import { readAclLogging } from './acl-logging.ts'

test('levels of allowed and denied packets, and what is none', () => {
  expect(readAclLogging('{"deny":"info","allow":"notice"}')).toEqual({ deny: 'info', allow: 'notice' })
  expect(readAclLogging('{"deny":"alert"}')).toEqual({ deny: 'alert' })
  for (const off of [undefined, '', '{}', '{"deny":""}']) expect(readAclLogging(off)).toEqual({})
  for (const wrong of ['info', '[]', 'null', '{"deny":"loud"}', '{"allow":1}'])
    expect(readAclLogging(wrong)).toBeUndefined()
})
