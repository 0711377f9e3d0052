import { ROUTER_MUTANTS, ROUTER_SCENARIOS } from '../../test/router-mutants.ts'
import { MUTANTS as NETWORK_MUTANTS } from '../../test/sig-network/mutants.ts'
import { SCENARIOS as NETWORK_SCENARIOS } from '../../test/sig-network/scenarios.ts'

/** Every fault by its name, and what must find it. */
export const MUTANTS = { ...NETWORK_MUTANTS, ...ROUTER_MUTANTS }
export const SCENARIOS = [...NETWORK_SCENARIOS, ...ROUTER_SCENARIOS]
