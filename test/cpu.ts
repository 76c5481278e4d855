/** What something costs this thread: other processes do not change it, however busy they keep the machine. */
import * as Effect from "effect/Effect"

/** The milliseconds of processor time that an effect takes. */
export const cpuTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.gen(function*() {
    const before = process.threadCpuUsage()
    yield* effect
    const { system, user } = process.threadCpuUsage(before)
    return (system + user) / 1000
  })
