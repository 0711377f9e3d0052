/** The port of OVN-Kubernetes' own checks of egress nodes; here it is UDP's. */
export const BEAT_PORT = 9107
export const BEAT_MS = 50
/** Who was not heard by a way for so long is complained of. */
export const DEAD_MS = 300
/**
 * Who is confirmed to have been heard may answer for so long since it spoke. Less than what makes others call it dead, whatever
 * their clocks say: so it is silent before they decide.
 */
export const FENCE_MS = 240
