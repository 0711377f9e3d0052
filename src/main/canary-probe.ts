import { request } from 'node:https'

const TIMEOUT_MS = 10_000

/** Asks a Route by HTTPS at an address, as a client outside does. What was wrong, or undefined. */
export const canaryProbe =
  (address: string, ca: string): ((host: string) => Promise<string | undefined>) =>
  host =>
    new Promise(resolve => {
      const asked = request(
        { host: address, port: 443, servername: host, headers: { host }, ca, agent: false, timeout: TIMEOUT_MS },
        answer => {
          answer.resume()
          answer.once('end', () =>
            resolve(
              answer.statusCode === 200 ? undefined : `error sending canary HTTP request: status ${answer.statusCode}`,
            ),
          )
          answer.once('error', error => resolve(String(error)))
        },
      )
      asked.once('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
      asked.once('error', error => resolve(`error sending canary HTTP request: ${error.message}`))
      asked.end()
    })
