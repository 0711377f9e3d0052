import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Nft } from './mod.ts'

const BASE = `add table inet t { comment "hash=1"; }
add chain inet t one
add chain inet t two
add map inet t services { type ipv4_addr . inet_proto . inet_service : verdict; }
add map inet t endpoints { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
add set inet t hosts { type ipv4_addr; }
add counter inet t seen
add chain inet t forward { type filter hook forward priority 0; policy accept; }
add rule inet t one ip saddr @hosts counter name seen drop
add rule inet t forward ip daddr . meta l4proto . th dport vmap @services`

/** What every Nft must do. Each test has a namespace of its own. */
export function nftConformance(open: () => { readonly nft: Nft; another(): Nft; close(): void }): void {
  let nft: Nft
  /** Of the same namespace. */
  let another: () => Nft
  let close: () => void
  beforeEach(() => {
    const made = open()
    nft = made.nft
    another = made.another
    close = made.close
    nft.run(BASE)
  })
  afterEach(() => close())
  const services = (): unknown => nft.elements('inet', 't', 'services')
  const refused = (text: string, message: RegExp | string): void => {
    expect(() => nft.run(text)).toThrow(
      expect.objectContaining({ name: 'NftError', message: expect.stringMatching(message) }),
    )
  }

  it('tells tables, their comments and what is absent', () => {
    expect(nft.tables()).toEqual(['inet t'])
    expect(nft.comment('inet', 't')).toBe('hash=1')
    expect(nft.comment('inet', 'u')).toBeUndefined()
    expect(nft.elements('inet', 't', 'hosts')).toEqual([])
    expect(nft.elements('inet', 't', 'nothing')).toBeUndefined()
    expect(nft.elements('inet', 'u', 'hosts')).toBeUndefined()
    expect(nft.counter('inet', 't', 'seen')).toEqual({ packets: 0, bytes: 0 })
    expect(nft.counter('inet', 't', 'unseen')).toBeUndefined()
  })

  it('adds, changes and removes elements', () => {
    nft.run('add element inet t services { 10.0.0.1 . tcp . 80 : goto one, 10.0.0.2 . tcp . 80 : goto two }')
    nft.run('add element inet t endpoints { 10.0.0.1 . 80 : 10.128.0.5 . 8080 }\nadd element inet t hosts { 10.9.9.9 }')
    expect(services()).toEqual([
      [{ concat: ['10.0.0.1', 'tcp', 80] }, { goto: { target: 'one' } }],
      [{ concat: ['10.0.0.2', 'tcp', 80] }, { goto: { target: 'two' } }],
    ])
    expect(nft.elements('inet', 't', 'endpoints')).toEqual([
      [{ concat: ['10.0.0.1', 80] }, { concat: ['10.128.0.5', 8080] }],
    ])
    expect(nft.elements('inet', 't', 'hosts')).toEqual(['10.9.9.9'])
    nft.run(
      'delete element inet t services { 10.0.0.1 . tcp . 80 }\nadd element inet t services { 10.0.0.1 . tcp . 80 : goto two }',
    )
    expect(services()).toContainEqual([{ concat: ['10.0.0.1', 'tcp', 80] }, { goto: { target: 'two' } }])
    nft.run('flush map inet t services')
    expect(services()).toEqual([])
  })

  it('takes an element that is already so', () => {
    nft.run('add element inet t services { 10.0.0.1 . tcp . 80 : goto one }')
    nft.run('add element inet t services { 10.0.0.1 . tcp . 80 : goto one }')
    expect(services()).toHaveLength(1)
  })

  it('applies all of a transaction or nothing', () => {
    refused(
      'add element inet t hosts { 10.0.0.1 }\nadd element inet t nothing { 10.0.0.1 }',
      'No such file or directory',
    )
    expect(nft.elements('inet', 't', 'hosts')).toEqual([])
    nft.run('add element inet t hosts { 10.0.0.1 }')
    expect(nft.elements('inet', 't', 'hosts')).toEqual(['10.0.0.1'])
  })

  describe('refuses', () => {
    it('another value for a key', () => {
      nft.run('add element inet t services { 10.0.0.1 . tcp . 80 : goto one }')
      refused('add element inet t services { 10.0.0.1 . tcp . 80 : goto two }', 'File exists')
    })
    it('to delete what is absent', () => {
      refused('delete element inet t hosts { 10.0.0.1 }', 'No such file or directory')
      refused('delete chain inet t three', 'No such file or directory')
    })
    it('a jump to a chain that is absent', () => {
      refused('add element inet t services { 10.0.0.1 . tcp . 80 : goto three }', 'No such file or directory')
      nft.run('add chain inet t three\nadd element inet t services { 10.0.0.1 . tcp . 80 : goto three }')
    })
    it('to delete a chain in use, until the user is gone', () => {
      nft.run('add element inet t services { 10.0.0.1 . tcp . 80 : goto two }')
      refused('delete chain inet t two', 'Device or resource busy')
      nft.run('delete element inet t services { 10.0.0.1 . tcp . 80 }\ndelete chain inet t two')
    })
    it('text that is not nft', () => refused('add elephant inet t hosts', 'syntax error'))
    it('a NUL, and include', () => {
      refused('add element inet t hosts { 10.0.0.1 }\0', 'NUL')
      refused('include "/etc/passwd"', 'include')
    })
  })

  it('tells which tables others change', () => {
    const watch = nft.watch()
    nft.run('add element inet t hosts { 10.0.0.1 }')
    expect(watch.changed()).toEqual(new Set())
    const other = another()
    other.run('add element inet t hosts { 10.0.0.2 }')
    // What we do ourselves afterwards hides nothing.
    nft.run('add chain inet t three')
    expect(watch.changed()).toEqual(new Set(['inet t']))
    expect(watch.changed()).toEqual(new Set())
    other.run('add table ip u')
    expect(watch.changed()).toEqual(new Set(['ip u']))
    expect(() => other.run('add rule ip u nothing accept')).toThrow()
    expect(watch.changed()).toEqual(new Set())
    other.run('delete table inet t')
    expect(watch.changed()).toEqual(new Set(['inet t']))
    watch.close()
    other.close()
  })

  it('knows its own changes, however many', () => {
    const watch = nft.watch()
    for (let part = 0; part < 4; part++) {
      const elements = Array.from({ length: 10_000 }, (_, i) => `10.${part}.${i >> 8}.${i & 255}`)
      nft.run(`add element inet t hosts { ${elements.join(', ')} }`)
    }
    expect(watch.changed()).toEqual(new Set())
    watch.close()
  })

  it('replaces a table whole', () => {
    nft.run(
      `table inet t\ndelete table inet t\ntable inet t {\n\tcomment "hash=2"\n\tset hosts {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.7 }\n\t}\n}`,
    )
    expect(nft.comment('inet', 't')).toBe('hash=2')
    expect(nft.elements('inet', 't', 'hosts')).toEqual(['10.0.0.7'])
    expect(services()).toBeUndefined()
    nft.run('delete table inet t')
    expect(nft.tables()).toEqual([])
  })

  it('loads many commands', () => {
    const commands = Array.from(
      { length: 1000 },
      (_, i) => `add chain inet t many${i}\nadd rule inet t many${i} accept`,
    )
    nft.load(commands)
    const elements = Array.from(
      { length: 5000 },
      (_, i) => `10.1.${i >> 8}.${i & 255} . tcp . 80 : goto many${i % 1000}`,
    )
    nft.load(
      Array.from(
        { length: 5 },
        (_, i) => `add element inet t services { ${elements.slice(i * 1000, (i + 1) * 1000).join(', ')} }`,
      ),
    )
    expect(services()).toHaveLength(5000)
  })
}
