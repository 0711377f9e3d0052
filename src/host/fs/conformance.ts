import { beforeEach, expect, it } from 'vitest'
import type { FsDriver } from './mod.ts'

/** What every FsDriver must do, in an empty folder that it is given. */
export function fsConformance(open: () => { readonly fs: FsDriver; readonly folder: string }): void {
  let fs: FsDriver
  let at: string
  beforeEach(() => {
    const made = open()
    fs = made.fs
    at = made.folder
  })
  const text = (path: string): string | undefined => fs.read(path)?.toString()

  it('reads what it wrote, and makes the folders on the way', () => {
    expect(fs.read(`${at}/a/b/file`)).toBeUndefined()
    fs.write(`${at}/a/b/file`, 'one')
    fs.write(`${at}/a/b/file`, Buffer.from('two'))
    expect(text(`${at}/a/b/file`)).toBe('two')
    expect(fs.list(`${at}/a/b`)).toEqual(['file'])
    expect(fs.size(`${at}/a/b/file`)).toBe(3)
    expect(fs.size(`${at}/none`)).toBeUndefined()
    expect(fs.size(`${at}/a`)).toBeGreaterThanOrEqual(0)
    expect(fs.read(`${at}/a/b/file/below`)).toBeUndefined()
  })

  it('adds at the end, and reads parts', () => {
    fs.append(`${at}/log/file`, 'one\n')
    fs.append(`${at}/log/file`, 'two\n')
    expect(text(`${at}/log/file`)).toBe('one\ntwo\n')
    expect(fs.slice(`${at}/log/file`, 4, 3).toString()).toBe('two')
    expect(fs.slice(`${at}/log/file`, 6, 100).toString()).toBe('o\n'.slice(0, 2))
    expect(fs.slice(`${at}/log/file`, 100, 5)).toHaveLength(0)
    expect(fs.slice(`${at}/none`, 0, 5)).toHaveLength(0)
  })

  it('makes, lists and removes folders', () => {
    fs.mkdir(`${at}/d/e`)
    fs.mkdir(`${at}/d/e`)
    fs.write(`${at}/d/z`, '')
    fs.write(`${at}/d/a`, '')
    expect(fs.list(`${at}/d`)).toEqual(['a', 'e', 'z'])
    expect(fs.list(`${at}/none`)).toEqual([])
    fs.remove(`${at}/d`)
    fs.remove(`${at}/d`)
    expect(fs.list(at)).toEqual([])
  })

  it('renames, over what is there', () => {
    fs.write(`${at}/from`, 'new')
    fs.write(`${at}/to`, 'old')
    fs.rename(`${at}/from`, `${at}/to`)
    expect(text(`${at}/to`)).toBe('new')
    expect(() => fs.rename(`${at}/from`, `${at}/to`)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })

  it('switches symbolic links, as volumes do', () => {
    fs.write(`${at}/one/key`, '1')
    fs.write(`${at}/two/key`, '2')
    fs.symlink('one', `${at}/data`)
    expect(text(`${at}/data/key`)).toBe('1')
    fs.symlink('two', `${at}/data`)
    expect(text(`${at}/data/key`)).toBe('2')
    fs.remove(`${at}/data`)
    expect(text(`${at}/two/key`)).toBe('2')
  })

  it('tells what is there, and where links lead', () => {
    fs.write(`${at}/real/file`, '')
    fs.symlink('real', `${at}/link`)
    expect([fs.kind(`${at}/link`), fs.kind(`${at}/link/file`), fs.kind(`${at}/none`)]).toEqual([
      'folder',
      'file',
      undefined,
    ])
    expect(fs.resolve(`${at}/link/file`)).toBe(fs.resolve(`${at}/real/file`))
    expect(fs.resolve(`${at}/link/none`)).toBeUndefined()
  })

  it('refuses to read a folder as a file', () => {
    fs.mkdir(`${at}/d`)
    expect(() => fs.read(`${at}/d`)).toThrow(expect.objectContaining({ code: 'EISDIR' }))
  })
}
