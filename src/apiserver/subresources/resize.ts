import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import type { Subresource } from './mod.ts'

/** What a running pod asks for; of a request only its containers' resources count (write/status.ts). */
export const podResize: Subresource = { name: 'resize', verbs: { get, patch, update } }
