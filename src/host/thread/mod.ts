/** A thread of this process with an event loop and memory of its own. It does not keep the process alive unless it is held. */
export interface Thread {
  /** The message is cloned; shared memory is shared. */
  post(message: unknown): void
  onMessage(f: (message: unknown) => void): void
  /** Called once, when the thread has ended, whatever ended it. */
  onEnd(f: (error: Error) => void): void
  /** The process stays alive while it is held. */
  hold(held: boolean): void
}

export interface ThreadDriver {
  /** Starts what goes by this name; data is cloned. */
  start(name: string, data: unknown): Thread
}
