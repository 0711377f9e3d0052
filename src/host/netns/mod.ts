/** Network namespaces. A handle stays valid until closed; the namespace lives while a handle, a process or its path holds it. */
export interface Netns {
  /** For `ip netns exec`: the name under /run/netns. */
  readonly name: string
  readonly path: string
  /** An open descriptor, close-on-exec. */
  readonly fd: number
}

export interface NetnsDriver {
  /** Makes a namespace and binds it at /run/netns/<name>. Throws EEXIST when the name is taken. */
  create(name: string): Netns
  /** Opens an existing one by name. Throws ENOENT. */
  open(name: string): Netns
  /** Opens the one that a file stands for, wherever somebody else has bound it. Throws ENOENT, or EINVAL where it is none. */
  openPath(path: string): Netns
  list(): readonly string[]
  /** Unbinds the name and closes the handle: its links vanish as soon as nobody else holds it. */
  remove(netns: Netns): void
  close(netns: Netns): void
  /** Runs f, which must be synchronous, inside the namespace. Aborts the process when it cannot come back. */
  within<T>(netns: Netns, f: () => T): T
  /** The namespace this process runs in. */
  readonly home: Netns
}
