import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import type { Subresource } from './mod.ts'

/** Containers that are added to a pod while it runs, to look at it: what kubectl debug writes. */
export const podEphemeralContainers: Subresource = { name: 'ephemeralcontainers', verbs: { get, patch, update } }
