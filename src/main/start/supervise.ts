import { kernelInside } from '../../host/world/inside.ts'
import { begin } from '../../main.ts'
import { failureReport, report } from '../../twin/reports.ts'
import { SUPERVISOR_FDS } from '../../twin/roles.ts'
import { twinFolderAt } from '../../twin/state.ts'
import { supervise as superviseWorld } from '../../twin/supervise/supervise.ts'
import { connect } from '../connect.ts'
import { realHost } from '../host.ts'
import { createLog } from '../log.ts'
import { PROGRAM } from '../program.ts'
import { reportPipe } from '../report-pipe.ts'
import { stopSignal } from '../signals.ts'

/** The first process of a twin's world; its argument is the twin's folder. */
export const start = begin(async ([folder = '']) => {
  const log = createLog('supervisor')
  const left = new AbortController()
  const signal = AbortSignal.any([stopSignal(), left.signal])
  const pipe = reportPipe(SUPERVISOR_FDS.reports, () =>
    left.abort(new Error('the command that was starting the twin has ended')),
  )
  const host = await realHost()
  try {
    await superviseWorld(
      {
        ...host,
        log,
        inside: kernelInside,
        program: PROGRAM,
        env: Object.fromEntries(
          Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ),
        pid: process.pid,
        follow: async (kubeconfig, until) => (await connect(kubeconfig, log, until)).informers,
        report: what => report(pipe, what),
      },
      twinFolderAt(folder),
      signal,
    )
    process.exit(0)
  } catch (error) {
    report(pipe, failureReport(error, folder))
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the twin ends')
    pipe.end(() => process.exit(1))
  }
})
