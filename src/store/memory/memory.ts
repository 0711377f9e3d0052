import { createStore } from '../engine.ts'
import type { Store, StoreOptions } from '../mod.ts'

/** Everything in memory, gone with the process: for tests and `--ephemeral`. */
export const memoryStore = (options: StoreOptions = {}): Store =>
  createStore({ commit: async () => {}, close: async () => {} }, { versions: [], revision: 1 }, options)
