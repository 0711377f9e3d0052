/** Starts HAProxy, prints its pid, and waits to be killed. */
import { PassThrough } from 'node:stream'
import { silent } from '../../../lib/log.ts'
import { systemClock } from '../../clock/real.ts'
import { realHaproxy } from '../real.ts'

const folder = process.argv[2]!
const haproxy = await realHaproxy({ folder, logs: new PassThrough().resume(), log: silent, clock: systemClock })
const config = 'defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\nlisten l\n  bind abns@fairlead-parent\n'
console.log((await haproxy.load({ config, files: new Map() })).pid)
setInterval(() => {}, 60_000)
