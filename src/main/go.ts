import { readSync } from 'node:fs'
import { isatty } from 'node:tty'

const STDIN = 0

/**
 * Returns when stdin has ended. The supervisor starts its roles before it makes their world, so that they load meanwhile, and ends
 * their stdin when it stands. Nothing else can be done until then, so the thread simply waits.
 */
export function untilWorldStands(): void {
  const byte = Buffer.alloc(1)
  while (!isatty(STDIN) && readSync(STDIN, byte) > 0);
}
