import { describe, expect, it } from 'vitest'
import { KINDS } from '../api/registry.ts'
import { referencePages } from './reference.ts'

const pages = referencePages(KINDS)
const textOf = (file: string): string => pages.find(page => page.file === file)!.text

describe('referencePages', () => {
  it('tells of every kind', () => {
    for (const { kind } of KINDS) expect(textOf('kinds.md')).toContain(`[${kind}](`)
  })

  it('tells of every field', () => {
    expect(textOf('core.md')).toContain('| ports | list of [ServicePort](#serviceport) | merged by port + protocol |')
    expect(textOf('core.md')).toContain('| type | string | default `ClusterIP`; one of `ClusterIP` `ExternalName`')
    expect(textOf('apps.md')).toContain('[PodTemplateSpec](')
  })

  it('shows the fields of inline messages where JSON has them', () => {
    const probe = textOf('core.md').split('## Probe\n')[1]!.split('## ')[0]!
    expect(probe).toContain('| httpGet | [HTTPGetAction](#httpgetaction) |')
    expect(probe).not.toContain('handler')
  })

  it('leads only to sections that are there', () => {
    for (const { file, text } of pages) {
      const links = [...text.matchAll(/\]\(([^)#]*)#([^)]+)\)/g)]
      for (const [, target, section] of links) {
        const titles = [...textOf(target || file).matchAll(/^## (.+)$/gm)].map(match => match[1]!.toLowerCase())
        expect(titles, `${file} -> ${target}#${section}`).toContain(section)
      }
    }
  })

  it('breaks no table', () => {
    for (const { text } of pages)
      for (const line of text.split('\n').filter(one => one.startsWith('| ')))
        expect(line.replaceAll('\\|', '').split('|').length, line).toBeGreaterThanOrEqual(6)
  })
})
