import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../host/clock/real.ts'
import { HaproxyRefused } from '../host/haproxy/mod.ts'
import { realHaproxy } from '../host/haproxy/real.ts'
import { someCertificate } from '../host/haproxy/testdata/certificates.ts'
import { silent } from '../lib/log.ts'
import { FEATURES, featureProgram, goldenCases, runCase } from './golden.ts'

const folder = mkdtempSync(join(tmpdir(), 'golden-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const haproxy = await realHaproxy({
  folder: join(folder, 'haproxy'),
  logs: new PassThrough().resume(),
  log: silent,
  clock: systemClock,
})

test.each(goldenCases())('haproxy -c passes %s', async name => {
  const { program } = runCase(name, someCertificate)
  await expect(haproxy.check(program)).resolves.toBeUndefined()
  const broken = { ...program, config: program.config.replace('balance random', 'balance nonsense') }
  await expect(haproxy.check(broken)).rejects.toBeInstanceOf(HaproxyRefused)
})

test.each(Object.keys(FEATURES))('haproxy -c passes the feature %s', async feature => {
  await expect(haproxy.check(featureProgram(feature, someCertificate))).resolves.toBeUndefined()
})
