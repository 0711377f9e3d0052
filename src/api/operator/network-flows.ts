import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface NetFlowConfig extends InferMessage<typeof NetFlowConfig> {}
export const NetFlowConfig = message(`${GROUP}.NetFlowConfig`, '', {
  collectors: list(0, STRING, ''),
})

export interface SFlowConfig extends InferMessage<typeof SFlowConfig> {}
export const SFlowConfig = message(`${GROUP}.SFlowConfig`, '', {
  collectors: list(0, STRING, ''),
})

export interface IPFIXConfig extends InferMessage<typeof IPFIXConfig> {}
export const IPFIXConfig = message(`${GROUP}.IPFIXConfig`, '', {
  collectors: list(0, STRING, ''),
})

export interface ExportNetworkFlows extends InferMessage<typeof ExportNetworkFlows> {}
export const ExportNetworkFlows = message(`${GROUP}.ExportNetworkFlows`, '', {
  netFlow: one(0, ref<NetFlowConfig>(NetFlowConfig), ''),
  sFlow: one(0, ref<SFlowConfig>(SFlowConfig), ''),
  ipfix: one(0, ref<IPFIXConfig>(IPFIXConfig), ''),
})
