/**
 * Files and folders, by absolute path. Synchronous: what goes through here is small and mostly on tmpfs (state files, logs of
 * pods, volumes), where a call costs microseconds and a thread's hand-over more. Errors are Node's, with their errno code.
 */
export interface FsDriver {
  /** The whole content, or undefined when there is no such file. */
  read(path: string): Buffer | undefined
  /** Replaces the whole file atomically (written beside it, renamed over it); makes parent folders. Default mode 0644; another is exact. */
  write(path: string, content: string | Uint8Array, mode?: number): void
  /** Adds at the end; makes the file and its parent folders. */
  append(path: string, content: string | Uint8Array): void
  /** At most `length` bytes from `offset`; empty at the end or when there is no such file. */
  slice(path: string, offset: number, length: number): Buffer
  /** Bytes, or undefined when there is no such file or folder. */
  size(path: string): number | undefined
  /** Makes a folder and its parents; one that exists is left as it is. Default mode 0755; another is exact. */
  mkdir(path: string, mode?: number): void
  /** What is there, links followed; undefined when nothing is. */
  kind(path: string): 'file' | 'folder' | 'other' | undefined
  /** The path without symbolic links, or undefined when it leads nowhere. */
  resolve(path: string): string | undefined
  /** Gives a file or folder (no link is followed) to a user and a group. False where this process may not name them. */
  give(path: string, uid: number, gid: number): boolean
  /** Names in a folder, sorted; empty when there is none. */
  list(path: string): readonly string[]
  rename(from: string, to: string): void
  /** A symbolic link, replacing what is there, atomically. */
  symlink(target: string, path: string): void
  /** A file, or a folder with all in it; absent is fine. Symbolic links are not followed. */
  remove(path: string): void
}
