import { clientConformance } from '../client/conformance.ts'
import { systemClock } from '../host/clock/real.ts'
import { testApi } from './testing.ts'

clientConformance('the embedded API', () => testApi(systemClock))
