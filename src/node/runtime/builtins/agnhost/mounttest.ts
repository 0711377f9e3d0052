import type { Flags } from '../flags.ts'
import { parseFlags } from '../flags.ts'
import type { Builtin, BuiltinContext } from '../mod.ts'
import { ended } from '../mod.ts'

const CONTENT = 'mount-tester new file\n'
const LOOP_MS = 2000

/** Makes files with given permissions, and tells what others are: type of file system, owner, mode, content. */
export const mounttest: Builtin = async context => {
  const flags = parseFlags(context.args)
  let isFailed = false
  const step = async (flag: string, act: (path: string) => Promise<boolean>): Promise<void> => {
    const path = flags.string(flag, '')
    if (path !== '' && !(await act(path))) isFailed = true
  }
  // A path's type first, then a new file in it, then what it holds: one command may ask for all of it.
  await step('fs_type', path =>
    statted(context, 'statfs', path, ['-f', '-c', '%t'], text => [
      `mount type of ${quote(path)}: ${Number.parseInt(text, 16)}`,
    ]),
  )
  for (const mode of ['0644', '0666', '0660', '0777'])
    await step(`new_file_${mode}`, path => create(context, path, mode))
  const modeOf = (flag: string, about: string, isPermOnly: boolean) =>
    step(flag, path =>
      statted(context, 'Stat', path, ['-L', '-c', '%f'], text => [
        `${about} of file ${quote(path)}: ${modeText(Number.parseInt(text, 16), isPermOnly)}`,
      ]),
    )
  await modeOf('file_mode', 'mode', false)
  await modeOf('file_perm', 'perms', true)
  await step('file_owner', path =>
    statted(context, 'stat', path, ['-L', '-c', '%u %g'], text => {
      const [uid, gid] = text.split(' ')
      return [`owner UID of ${quote(path)}: ${uid}`, `owner GID of ${quote(path)}: ${gid}`]
    }),
  )
  await step('file_content', path => tellContent(context, path))
  await step('file_content_in_loop', path => tellInLoop(context, path, flags))
  return ended(isFailed ? 1 : 0)
}

const quote = (path: string): string => JSON.stringify(path)

async function statted(
  context: BuiltinContext,
  call: string,
  path: string,
  args: readonly string[],
  tell: (text: string) => readonly string[],
): Promise<boolean> {
  const { code, stdout, stderr } = await context.run(['stat', ...args, path])
  if (code !== 0) {
    const why = call === 'Stat' ? `stat ${path}: ${whyOf(stderr)}` : whyOf(stderr)
    context.out(`error from ${call}(${quote(path)}): ${why}`)
    return false
  }
  for (const line of tell(stdout.trim())) context.out(line)
  return true
}

const whyOf = (stderr: string): string => stderr.trim().split(': ').at(-1)!.toLowerCase()

async function create(context: BuiltinContext, path: string, mode: string): Promise<boolean> {
  const script = 'umask 0; [ -e "$1" ] || { : >"$1" && chmod "$2" "$1"; } && printf %s "$3" >"$1"'
  const { code, stderr } = await context.run(['sh', '-c', script, 'sh', path, mode, CONTENT])
  if (code === 0) return tellContent(context, path)
  context.out(`error writing new file ${quote(path)}: open ${path}: ${whyOf(stderr)}`)
  return false
}

async function tellContent(context: BuiltinContext, path: string): Promise<boolean> {
  const { code, stdout, stderr } = await context.run(['cat', path])
  if (code === 0) context.out(`content of file ${quote(path)}: ${stdout}`)
  else context.out(`error reading file content for ${quote(path)}: open ${path}: ${whyOf(stderr)}`)
  return code === 0
}

async function tellInLoop(context: BuiltinContext, path: string, flags: Flags): Promise<boolean> {
  const endMs = context.clock.monotonic() + flags.number('retry_time', 180) * 1000
  const isBreaking = flags.boolean('break_on_expected_content', true)
  let isRead = true
  while (context.clock.monotonic() < endMs && !context.signal.aborted) {
    const { code, stdout, stderr } = await context.run(['cat', path])
    isRead = code === 0
    if (!isRead) context.out(`Error reading file ${path}: open ${path}: ${whyOf(stderr)}, retrying`)
    else context.out(`content of file ${quote(path)}: ${stdout}`)
    if (isRead && isBreaking && stdout === CONTENT) break
    await context.clock.sleep(LOOP_MS, context.signal).catch(() => {})
  }
  return isRead
}

const KINDS: Readonly<Record<number, string>> = { 9604: 'd', 21609: 'L', 14406: 'D', 2401: 'p', 26411: 'S' }

/** As Go writes a mode: letters for what the file is, then its permissions. */
function modeText(mode: number, isPermOnly: boolean): string {
  const special = [
    KINDS[mode & 0o170000] ?? '',
    mode & 0o4000 ? 'u' : '',
    mode & 0o2000 ? 'g' : '',
    mode & 0o1000 ? 't' : '',
  ]
  const letters = isPermOnly ? '' : special.join('')
  const bits = [...'rwxrwxrwx'].map((letter, at) => (mode & (1 << (8 - at)) ? letter : '-')).join('')
  return `${letters || '-'}${bits}`
}
