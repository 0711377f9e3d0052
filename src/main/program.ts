import { join } from 'node:path'

/** Where the program and what it loads lie: containers that run it must see it, wherever they hide this machine's files. */
export const PROGRAM_FOLDER: string = join(__dirname, '..')

/** This program again, as a command line without its arguments. */
export const PROGRAM: readonly string[] = [process.execPath, ...process.execArgv, join(__dirname, 'boot.cjs')]
