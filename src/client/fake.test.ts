import { clientConformance } from './conformance.ts'
import { fakeApi } from './fake.ts'

clientConformance('the fake API', () => ({ client: fakeApi().client, close() {} }))
