import type { InferMessage } from '../../schema/field.ts'
import { list, message, one, ref, STRING } from '../../schema/field.ts'

const GROUP = 'com.github.openshift.api.operator.v1'

export interface NetFlowConfig extends InferMessage<typeof NetFlowConfig> {}
export const NetFlowConfig = message(`${GROUP}.NetFlowConfig`, 'NetFlow.', {
  collectors: list(0, STRING, 'Where records go, as address:port.'),
})

export interface SFlowConfig extends InferMessage<typeof SFlowConfig> {}
export const SFlowConfig = message(`${GROUP}.SFlowConfig`, 'sFlow.', {
  collectors: list(0, STRING, 'Where records go, as address:port.'),
})

export interface IPFIXConfig extends InferMessage<typeof IPFIXConfig> {}
export const IPFIXConfig = message(`${GROUP}.IPFIXConfig`, 'IPFIX.', {
  collectors: list(0, STRING, 'Where records go, as address:port.'),
})

export interface ExportNetworkFlows extends InferMessage<typeof ExportNetworkFlows> {}
export const ExportNetworkFlows = message(`${GROUP}.ExportNetworkFlows`, 'Where records of flows go.', {
  netFlow: one(0, ref<NetFlowConfig>(NetFlowConfig), 'As NetFlow.'),
  sFlow: one(0, ref<SFlowConfig>(SFlowConfig), 'As sFlow.'),
  ipfix: one(0, ref<IPFIXConfig>(IPFIXConfig), 'As IPFIX.'),
})
