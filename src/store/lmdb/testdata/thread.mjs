import { register } from 'tsx/esm/api'

register()
const { commitThread } = await import('../thread.ts')
void commitThread()
