/** The port of OVN-Kubernetes' own checks of egress nodes; here it is UDP's. */
const BEAT_PORT = 9107
export const BEAT_MS = 50
/** Who was not heard by a way for so long is complained of. */
const DEAD_MS = 300
/** At most so much later where that node runs late. */
const PATIENCE_MS = 1000
/**
 * Who is confirmed to have been heard may answer for so long since it spoke. Less than what makes others call it dead, whatever
 * their clocks say: so it is silent before they decide.
 */
export const FENCE_MS = 240

/** Nobody waits longer for one that is silent, though the others have not said that it is lost. */
export const GONE_MS = 5000

export const BEATS = { port: BEAT_PORT, deadMs: DEAD_MS, patienceMs: PATIENCE_MS } as const
