import { destination, pino } from 'pino'
import type { Logger } from '../lib/log.ts'

/** JSON lines on stdout, which the supervisor or the pod runtime keeps. FAIRLEAD_LOG sets the level. */
export const createLog = (role: string): Logger =>
  pino(
    { level: process.env.FAIRLEAD_LOG ?? 'info', base: { process: role }, timestamp: pino.stdTimeFunctions.isoTime },
    // Nobody can be told that a log is lost; a full disk must not end a role.
    destination({ fd: 1, sync: true }).on('error', () => {}),
  )
