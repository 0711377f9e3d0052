import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fsConformance } from './conformance.ts'
import { fakeFs } from './fake.ts'
import { systemFs } from './real.ts'

const folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(`${tmpdir()}/fairlead-fs-`)
  folders.push(made)
  return made
}
afterAll(() => folders.forEach(made => void rmSync(made, { recursive: true })))

describe('systemFs', () => {
  fsConformance(() => ({ fs: systemFs, folder: folder() }))

  let at: string
  beforeEach(() => {
    at = folder()
  })
  it('gives the permissions asked for', () => {
    systemFs.write(`${at}/secret`, 'x', 0o600)
    systemFs.mkdir(`${at}/private`, 0o700)
    expect(statSync(`${at}/secret`).mode & 0o777).toBe(0o600)
    expect(statSync(`${at}/private`).mode & 0o777).toBe(0o700)
  })
  it('leaves nothing beside the file when a write fails', () => {
    systemFs.mkdir(`${at}/target/below`)
    expect(() => systemFs.write(`${at}/target`, 'x')).toThrow()
    expect(systemFs.list(at)).toEqual(['target'])
  })
})

describe('fakeFs', () => {
  fsConformance(() => ({ fs: fakeFs(), folder: '/some' }))

  it('has a full disk when told', () => {
    const fs = fakeFs({ '/etc/x': '1' })
    fs.failWrites('ENOSPC')
    expect(() => fs.write('/etc/x', '2')).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(fs.read('/etc/x')?.toString()).toBe('1')
    fs.failWrites(undefined)
    fs.write('/etc/x', '2', 0o600)
    expect(fs.mode('/etc/x')).toBe(0o600)
  })
})
