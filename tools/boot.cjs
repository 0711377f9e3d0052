/**
 * Starts one process: the bundle of the role that is asked for, else the command line's, with V8's code cache. The cache is keyed by
 * bundle, Node and flags, and written anew when V8 refuses it.
 */
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { createRequire } = require('node:module')

/** Bundles by name, each with the hash of its text. */
const HASHES = { BUNDLES: '' }

/** What the bundle exports: `start`. */
function load(name) {
  const file = path.join(__dirname, `${name}.cjs`)
  const cacheFile = path.join(__dirname, `${name}.cache`)
  const key = Buffer.from(`${HASHES[name]} ${process.version} ${process.arch} ${v8Flags()}\n`)
  const cachedData = readCache(cacheFile, key)
  // The bundles are ASCII: one byte a character, in memory too.
  const source = fs.readFileSync(file, 'latin1')
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`
  const compile = () => new vm.Script(wrapped, { filename: file, cachedData })
  const script = cachedData ? compile() : eagerly(compile)
  const main = { exports: {} }
  script.runInThisContext()(main.exports, createRequire(file), main, file, __dirname)
  if (cachedData === undefined || script.cachedDataRejected) writeCache(cacheFile, key, script.createCachedData())
  return main.exports
}

/** Functions too that nothing calls while the bundle is loaded: a cache of those alone leaves a third of the compiling to every start. */
function eagerly(compile) {
  const { setFlagsFromString } = require('node:v8')
  setFlagsFromString('--no-lazy')
  try {
    return compile()
  } finally {
    setFlagsFromString('--lazy')
  }
}

/** V8 takes no cache that was made with other flags of its own. */
const v8Flags = () => process.execArgv.filter(flag => flag.startsWith('--max-')).join(' ')

function readCache(file, key) {
  try {
    const bytes = fs.readFileSync(file)
    if (bytes.subarray(0, key.length).equals(key)) return bytes.subarray(key.length)
  } catch {}
}

function writeCache(file, key, data) {
  try {
    const temporary = `${file}.${process.pid}`
    fs.writeFileSync(temporary, Buffer.concat([key, data]))
    fs.renameSync(temporary, file)
  } catch {} // A read-only installation runs without a cache.
}

/** `node` is a verb too (node add, node cut node-2): a role's arguments all have a value. */
const isVerb = (asked, rest) =>
  asked === 'cli' || (asked === 'node' && !(rest.length > 0 && rest.every(arg => /^--.+=/.test(arg))))

if (require.main === module) {
  const [asked, ...rest] = process.argv.slice(2)
  // The same role, of which only the rooms of Services are wanted.
  if (asked === 'node' && rest.includes('--proxy-only')) load('proxy').start(rest)
  else if (Object.hasOwn(HASHES, asked) && !isVerb(asked, rest)) load(asked).start(rest)
  else load('cli').start(process.argv.slice(2))
} else {
  // The build: the first process of a user already finds the caches.
  module.exports = load
}
