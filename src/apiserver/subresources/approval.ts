import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import type { Subresource } from './mod.ts'

/** Where requests for certificates are approved or denied: the conditions, and nothing else of them. */
export const requestApproval: Subresource = { name: 'approval', verbs: { get, patch, update } }
