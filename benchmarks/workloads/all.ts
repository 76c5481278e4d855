import * as calls from "./calls.ts"
import * as catalogs from "./catalogs.ts"
import * as churn from "./churn.ts"
import * as connecting from "./connecting.ts"
import * as memory from "./memory.ts"
import * as payloads from "./payloads.ts"
import * as progress from "./progress.ts"

/** What `host.ts` can do; `plan.ts` gives each the options that it takes. */
export const measure = {
  calls: calls.measure,
  catalogs: catalogs.measure,
  churn: churn.measure,
  connecting: connecting.measure,
  memory: memory.measure,
  payloads: payloads.measure,
  progress: progress.measure
}

export type Workload = keyof typeof measure

/** What a workload is told. */
export type Options<W extends Workload> = Parameters<typeof measure[W]>[1]

export const isWorkload = (name: string): name is Workload => name in measure
