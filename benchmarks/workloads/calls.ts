/** One call after the other, then 64 in flight, of a tool that answers at once. */
import { type Connect, loop, type Meter, type Target } from "../clients/client.ts"
import { type Cpu, cpuSince, type Sample, statsOf } from "./sample.ts"

export interface Options {
  readonly target: Target
  /** By how many are in flight: how long to warm up, and then again to measure. */
  readonly inFlight: Readonly<Record<number, Amount>>
}

/** A number of calls finds a client as far compiled on a busy machine as on an idle one. */
export type Amount = { readonly milliseconds: number } | { readonly calls: number }

export const measure = async (connect: Connect, options: Options): Promise<Sample> => {
  const connection = await connect(options.target)
  const sample: Record<string, number> = {}
  for (const [key, amount] of Object.entries(options.inFlight)) {
    const inFlight = Number(key)
    await loop(connection, new Clocked(amount), inFlight)
    const before = await statsOf(connection)
    const cpu: Cpu = process.cpuUsage()
    const clocked = new Clocked(amount)
    await loop(connection, clocked, inFlight)
    const used = cpuSince(cpu)
    const after = await statsOf(connection)
    sample[`rate ${inFlight}`] = clocked.rate
    sample[`cpu ${inFlight}`] = used / clocked.calls
    sample[`p50 ${inFlight}`] = clocked.quantile(0.5)
    sample[`p99 ${inFlight}`] = clocked.quantile(0.99)
    sample[`server cpu ${inFlight}`] = (after.cpu - before.cpu) / (after.requests - before.requests)
  }
  sample["rss"] = process.memoryUsage().rss / 2 ** 20
  await connection.close()
  return sample
}

/** Takes the time of every call, in µs. */
class Clocked implements Meter {
  calls = 0
  private readonly times = new Float64Array(1 << 20)
  private readonly started = performance.now()
  private readonly amount: Amount
  private last = this.started

  constructor(amount: Amount) {
    this.amount = amount
  }

  begin() {
    return performance.now()
  }

  end(began: number) {
    this.last = performance.now()
    if (this.calls < this.times.length) this.times[this.calls] = (this.last - began) * 1000
    this.calls++
    return "calls" in this.amount
      ? this.calls < this.amount.calls
      : this.last - this.started < this.amount.milliseconds
  }

  get rate() {
    return this.calls / (this.last - this.started) * 1000
  }

  quantile(q: number): number {
    const sorted = this.times.slice(0, this.calls).toSorted()
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
  }
}
