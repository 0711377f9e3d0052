/** An answer that says no, with the codes of the CNI specification (those above 99 are the plugin's own). */
export class CniFailure extends Error {
  override readonly name = 'CniFailure'
  readonly code: number
  readonly details: string
  constructor(code: number, message: string, details = '') {
    super(message)
    this.code = code
    this.details = details
  }
}

/** Source: CNI specification 1.1.0, section "Error". */
export const CODES = {
  version: 1,
  unknownContainer: 3,
  environment: 4,
  decode: 6,
  config: 7,
  tryAgain: 11,
  unavailable: 50,
  /** Ours: the sandbox has a link of that name already. */
  exists: 101,
  /** Ours: CHECK has found something missing. */
  missing: 102,
  /** Ours: the pod of that name is another by now. */
  replaced: 103,
  /** Ours: the kernel refused. */
  refused: 104,
} as const
