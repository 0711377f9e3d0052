declare const FAIRLEAD_VERSION: string | undefined

/** From package.json, put in by the build. */
export const VERSION = typeof FAIRLEAD_VERSION === 'undefined' ? '0.0.0-source' : FAIRLEAD_VERSION
