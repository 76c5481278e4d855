/** One client, one workload, one process: `node --expose-gc host.ts <client> <workload> <options>` prints one JSON line. */
import { entryOf, isClientName } from "./clients/all.ts"
import type { Connect } from "./clients/client.ts"
import { isWorkload, measure } from "./workloads/all.ts"
import type { Sample } from "./workloads/sample.ts"

const [client = "", workload = "", options = "{}"] = process.argv.slice(2)

if (!isClientName(client) || !isWorkload(workload)) throw new Error(`unknown: ${client} ${workload}`)
const loaded = await entryOf(client).load?.()
if (loaded === undefined) throw new Error(`${client} is no library`)
const run: (connect: Connect, options: never) => Promise<Sample> = measure[workload]
const sample = await run(loaded.connect, JSON.parse(options) as never)
// Some clients print to stdout, and some leave timers that keep the process.
process.stdout.write(`\n${JSON.stringify(sample)}\n`, () => process.exit())
