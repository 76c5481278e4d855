/** Servers behind Streamable HTTP, with sessions. */
import { Effect, Ref } from "effect"
import { isAnswered, type Scenario, tell } from "./harness.ts"

const callers = 50
const callsEach = 8

const newSessions = (count: number) => `${count === 0 ? "no" : count} new ${count === 1 ? "session" : "sessions"}`

const restarted: Scenario = {
  name: "restart under 50 callers",
  what:
    "The HTTP server gets SIGKILL and is started again, its sessions gone, while 50 callers go on calling, ten of them a tool that is not idempotent. Every read is answered within its call, no write runs twice, and one new session is made.",
  run: Effect.fnUntraced(function*({ http, kill, lines, startClient, startHttp }) {
    const first = yield* startHttp
    const client = yield* startClient
    yield* client.connect(http)
    const before = lines("initialize").length
    const done = yield* Ref.make(0)
    const restart = Effect.gen(function*() {
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => Effect.map(Ref.get(done), (done) => done >= 100) })
      yield* kill(first)
      yield* startHttp
    })
    const one = Effect.fnUntraced(function*(caller: number) {
      const counts = { answered: 0, lost: 0, claimed: Array<string>() }
      for (let call = 0; call < callsEach; call++) {
        // Every fifth one writes.
        const id = `${caller}-${call}`
        const writes = caller % 5 === 0
        const asked = yield* client.call(writes ? "write" : "echo", writes ? { id } : { message: id }, 20)
        yield* Ref.update(done, (done) => done + 1)
        if (writes && isAnswered(asked)) counts.claimed.push(id)
        if (!writes) counts[isAnswered(asked) ? "answered" : "lost"]++
      }
      return counts
    })
    const [results] = yield* Effect.all([
      Effect.forEach(Array.from({ length: callers }, (_, index) => index), one, { concurrency: "unbounded" }),
      restart
    ], { concurrency: "unbounded" })
    const lost = results.reduce((sum, { lost }) => sum + lost, 0)
    const reads = results.reduce((sum, { answered, lost }) => sum + answered + lost, 0)
    const runs = lines("run").map((line) => line.split(" ")[2] ?? "")
    const twice = runs.length - new Set(runs).size
    const untrue = results.flatMap(({ claimed }) => claimed).filter((id) => !runs.includes(id)).length
    const sessions = lines("initialize").length - before
    return {
      ok: lost === 0 && twice === 0 && untrue === 0 && sessions <= 1,
      text: [
        lost === 0 ? `all ${reads} reads answered` : `${lost} of ${reads} reads failed`,
        twice === 0 ? "no write twice" : `${twice} writes twice`,
        ...(untrue === 0 ? [] : [`${untrue} writes that were none`]),
        newSessions(sessions)
      ].join(", ")
    }
  })
}

const forgotten: Scenario = {
  name: "session forgotten",
  what:
    "The HTTP server answers 404 for the session. The call that meets it is answered all the same, as are the next two, with one new session.",
  run: Effect.fnUntraced(function*({ forget, http, lines, startClient, startHttp }) {
    yield* startHttp
    const client = yield* startClient
    yield* client.connect(http)
    const before = lines("initialize").length
    yield* forget
    const calls = yield* Effect.forEach([1, 2, 3], (n) => client.call("echo", { message: String(n) }))
    const sessions = lines("initialize").length - before
    return {
      ok: calls.every(isAnswered) && sessions === 1,
      text: `${calls.map((call) => isAnswered(call) ? "answered" : "failed").join(", ")}; ${newSessions(sessions)}`
    }
  })
}

const cut: Scenario = {
  name: "answer cut",
  what:
    "The connection ends in the middle of the event with the answer. A read is answered within its call; a write fails at once and is not repeated.",
  slow: ["sdk1", "sdk2", "mcporter"],
  run: Effect.fnUntraced(function*({ http, lines, startClient, startHttp }) {
    yield* startHttp
    const client = yield* startClient
    yield* client.connect(http)
    const read = yield* client.call("cut_read", { id: "r" }, 6)
    const write = yield* client.call("cut_write", { id: "w" }, 6)
    const runs = lines("run cut_write").length
    return {
      ok: isAnswered(read) && write.reply?.error !== undefined && runs === 1,
      text: `read ${tell(read)}, write ${tell(write)}${runs === 1 ? "" : `, ran ${runs} times`}`
    }
  })
}

export const scenarios: ReadonlyArray<Scenario> = [restarted, forgotten, cut]
