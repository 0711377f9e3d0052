import { expect, it } from 'vitest'
import { CelError, celProgram } from '../mod.ts'

const run = (source: string) => celProgram(source, []).run({}, { left: 1e6 })

it.each([
  ["semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3"],
  ["isSemver('1.0.0-alpha.1+build') && !isSemver('1.0') && !isSemver('v1.0.0') && !isSemver('01.0.0')"],
  ["isSemver('v01.1', true) && semver('v1.1', true).compareTo(semver('1.1.0')) == 0"],
  ["semver('1.10.0').isGreaterThan(semver('1.9.9')) && semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))"],
  ["semver('1.0.0-alpha').isLessThan(semver('1.0.0-alpha.1')) && semver('1.0.0-2').isLessThan(semver('1.0.0-10'))"],
  ["semver('1.0.0-9').isLessThan(semver('1.0.0-a')) && semver('1.2.3') == semver('1.2.3')"],
])('%s', source => {
  expect(run(source)).toBe(true)
})

it('refuses what is no version', () => {
  expect(() => run("semver('one')")).toThrow(CelError)
})
