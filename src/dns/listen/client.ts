import type { Ip } from '../../lib/ip.ts'

/** Who asked. */
export interface Client {
  readonly address: Ip
  readonly port: number
}

export const clientText = ({ address, port }: Client): string => `${address}:${port}`
