import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { kernelInside } from './inside.ts'
import type { Settlement } from './mod.ts'

const settlement: Settlement = { hostname: 'fairlead-x', resolvConf: 'nameserver 172.18.0.53\n' }

describe('kernelInside', () => {
  it('covers what belongs to the machine, for this world alone', () => {
    kernelInside.settle(settlement)
    expect(readdirSync('/run').sort()).toEqual(expect.arrayContaining(['netns', 'resolv.conf']))
    expect(readdirSync('/run/netns')).toEqual([])
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(settlement.resolvConf)
    expect(hostname()).toBe('fairlead-x')
    const own = JSON.parse(execFileSync('ip', ['-json', 'link'], { encoding: 'utf8' })) as { ifname: string }[]
    expect(readdirSync('/sys/class/net').toSorted()).toEqual(own.map(({ ifname }) => ifname).toSorted())
    expect(execFileSync('ip', ['netns', 'add', 'a'], { encoding: 'utf8' })).toBe('')
    expect(readdirSync('/run/netns')).toEqual(['a'])
  })
})
