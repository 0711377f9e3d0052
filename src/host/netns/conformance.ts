import { expect, it } from 'vitest'
import type { NetnsDriver } from './mod.ts'

/** What every NetnsDriver must do. */
export function netnsConformance(driver: () => NetnsDriver): void {
  it('lists what it made until it is removed', () => {
    const netns = driver()
    const a = netns.create('conf-a')
    const b = netns.create('conf-b')
    expect(netns.list()).toEqual(expect.arrayContaining(['conf-a', 'conf-b']))
    netns.remove(a)
    expect(netns.list()).not.toContain('conf-a')
    expect(netns.list()).toContain('conf-b')
    netns.remove(b)
  })

  it('refuses a name that is taken, and takes it again once removed', () => {
    const netns = driver()
    const first = netns.create('conf-a')
    expect(() => netns.create('conf-a')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    netns.remove(first)
    netns.remove(netns.create('conf-a'))
  })

  it('opens by name', () => {
    const netns = driver()
    expect(() => netns.open('conf-a')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    const made = netns.create('conf-a')
    const opened = netns.open('conf-a')
    expect(opened.name).toBe('conf-a')
    expect(opened.path).toBe('/run/netns/conf-a')
    netns.close(opened)
    netns.remove(made)
  })

  it('comes back from within, also from nested ones and from errors', () => {
    const netns = driver()
    const a = netns.create('conf-a')
    const b = netns.create('conf-b')
    const seen = netns.within(a, () => {
      expect(() =>
        netns.within(b, () => {
          throw new Error('inside')
        }),
      ).toThrow('inside')
      return netns.within(netns.home, () => 'value')
    })
    expect(seen).toBe('value')
    netns.remove(a)
    expect(() => netns.within(a, () => 1)).toThrow(expect.objectContaining({ code: 'EBADF' }))
    expect(netns.within(b, () => 2)).toBe(2)
    netns.remove(b)
  })
}
