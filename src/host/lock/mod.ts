/** Locks that the kernel holds for a process, across every namespace, and drops when it dies. */
export interface LockDriver {
  /** Takes the lock or returns undefined when another process has it. The file is made if it is missing. */
  acquire(path: string): (() => void) | undefined
}
