import { join } from 'node:path'

/** This program again, as a command line without its arguments. */
export const PROGRAM: readonly string[] = [process.execPath, ...process.execArgv, join(__dirname, 'boot.cjs')]
