import { readdirSync, readlinkSync } from 'node:fs'
import { C, koffi, libc } from '../libc.ts'
import type { Commands } from './commands.ts'

const JSON_OUTPUT = 1 << 4
const TERSE_OUTPUT = 1 << 11
/** The kernel cuts it to twice net.core.wmem_max. */
const SEND_BUFFER = 64 << 20

interface Library {
  create(flags: number): unknown
  free(context: unknown): void
  bufferOutput(context: unknown): number
  bufferError(context: unknown): number
  output(context: unknown): string
  error(context: unknown): string
  setFlags(context: unknown, flags: number): void
  run(context: unknown, text: string): number
}

let loaded: Library | undefined
/** libnftables.so.1. Throws where it is not installed. */
export function library(): Library {
  loaded ??= bindLibrary()
  return loaded
}

function bindLibrary(): Library {
  const shared = koffi().load('libnftables.so.1')
  const context = 'void *'
  const bind = <F>(name: string, result: string, ...parameters: string[]): F =>
    shared.func(name, result, parameters) as unknown as F
  return {
    create: bind('nft_ctx_new', context, 'uint32_t'),
    free: bind('nft_ctx_free', 'void', context),
    bufferOutput: bind('nft_ctx_buffer_output', 'int', context),
    bufferError: bind('nft_ctx_buffer_error', 'int', context),
    output: bind('nft_ctx_get_output_buffer', 'const char *', context),
    error: bind('nft_ctx_get_error_buffer', 'const char *', context),
    setFlags: bind('nft_ctx_output_set_flags', 'void', context, 'unsigned int'),
    run: bind('nft_run_cmd_from_buffer', 'int', context, 'const char *'),
  }
}

/** Commands by the library, in the namespace the calling thread is in at this moment and at every later call. */
export function libraryCommands(): Commands {
  const nft = library()
  let opened: unknown
  /** Most transactions need none. */
  const context = (): unknown => {
    opened ??= open(nft)
    return opened
  }
  const close = (): void => {
    if (opened !== undefined) nft.free(opened)
    opened = undefined
  }
  const execute = (text: string, flags: number): string | undefined => {
    nft.setFlags(context(), flags)
    return nft.run(context(), text) === 0 ? undefined : nft.error(context())
  }
  return {
    run: text => {
      const error = execute(text, 0)
      if (error === undefined || !error.includes('Message too long')) return error
      // After an interrupted dump the library makes a new socket, with a small buffer.
      close()
      return execute(text, 0)
    },
    list: (text, form) =>
      execute(text, form === 'json' ? JSON_OUTPUT : TERSE_OUTPUT) === undefined ? nft.output(context()) : undefined,
    close,
  }
}

/**
 * A context whose netlink socket has a large send buffer: a transaction must fit in it. The library asks for one with a
 * call that only real root may make; without, 848 chains are the end.
 */
function open(nft: Library): unknown {
  const before = sockets()
  const context = nft.create(0)
  nft.bufferOutput(context)
  nft.bufferError(context)
  const size = Buffer.alloc(4)
  size.writeInt32LE(SEND_BUFFER)
  for (const [fd, target] of sockets())
    if (before.get(fd) !== target) libc().setsockopt(fd, C.SOL_SOCKET, C.SO_SNDBUF, size, 4)
  return context
}

function sockets(): Map<number, string> {
  const found = new Map<number, string>()
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`)
      if (target.startsWith('socket:')) found.set(Number(name), target)
    } catch {
      // readdir's own descriptor is gone by now.
    }
  }
  return found
}
