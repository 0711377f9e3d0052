// Loads main.cjs with V8's code cache. The cache is keyed by bundle and Node version, and rewritten when V8 refuses it.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')
const { createRequire } = require('node:module')

const file = path.join(__dirname, 'main.cjs')
const key = Buffer.from(`BUNDLE_HASH ${process.version} ${process.arch} ${process.execArgv.join(' ')}\n`)
const cacheFile = path.join(__dirname, 'main.cache')

let cachedData
try {
  const bytes = fs.readFileSync(cacheFile)
  if (bytes.subarray(0, key.length).equals(key)) cachedData = bytes.subarray(key.length)
} catch {}

const source = fs.readFileSync(file, 'utf8')
const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
  filename: file,
  cachedData,
})
const main = { exports: {} }
script.runInThisContext()(main.exports, createRequire(file), main, file, __dirname)

if (cachedData === undefined || script.cachedDataRejected) {
  process.once('exit', () => {
    try {
      const temporary = `${cacheFile}.${process.pid}`
      fs.writeFileSync(temporary, Buffer.concat([key, script.createCachedData()]))
      fs.renameSync(temporary, cacheFile)
    } catch {} // A read-only installation runs without a cache.
  })
}
