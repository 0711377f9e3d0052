import fc from 'fast-check'

/**
 * Property tests draw the same values in every run, so that a red run is about the change and not about luck; FC_SEED=<number> or
 * FC_SEED=random draws others, as the long runs do. fast-check prints the seed of what fails.
 */
const asked = process.env.FC_SEED ?? '20261120'
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) })
