/** Servers that are processes. */
import { Effect } from "effect"
import { isAlive, isAnswered, type Scenario, tell, time, waitFor } from "./harness.ts"

const killedDuringCall: Scenario = {
  name: "killed during a call",
  what: "The server gets SIGKILL during a call. The call fails at once, runs once, and the next one is answered.",
  run: Effect.fnUntraced(function*({ kill, lines, pids, startClient, stdio }) {
    const client = yield* startClient
    yield* client.connect(stdio())
    const [hanging] = yield* Effect.all([
      client.call("hang", { id: "1" }),
      Effect.andThen(waitFor(() => lines("run").length > 0, 10), Effect.forEach(pids(), kill))
    ], { concurrency: "unbounded" })
    const next = yield* client.call("echo", { message: "hello" })
    const runs = lines("run").length
    const failed = hanging.reply?.error !== undefined
    return {
      ok: failed && runs === 1 && isAnswered(next),
      text: `${failed ? "" : `the call: ${tell(hanging)}; `}${runs > 1 ? `ran ${runs} times; ` : ""}next ${tell(next)}`
    }
  })
}

const killedBetweenCalls: Scenario = {
  name: "killed between calls",
  what: "The server gets SIGKILL between two calls. The second is answered.",
  run: Effect.fnUntraced(function*({ kill, pids, startClient, stdio }) {
    const client = yield* startClient
    yield* client.connect(stdio())
    yield* Effect.forEach(pids(), kill)
    yield* waitFor(() => !pids().some(isAlive), 5)
    const next = yield* client.call("echo", { message: "two" })
    return { ok: isAnswered(next), text: tell(next) }
  })
}

const wrapperOnClose: Scenario = {
  name: "grandchild, closing",
  what:
    "The server is started by `sh -c '… & wait'` and stays when its input ends. It is gone once the client is closed.",
  slow: ["effect"],
  run: Effect.fnUntraced(function*({ pids, startClient, wrapped }) {
    const client = yield* startClient
    yield* client.connect(wrapped)
    const closed = yield* client.ask({ do: "close" }, 20)
    const left = pids().filter(isAlive)
    return {
      ok: isAnswered(closed) && left.length === 0,
      text: `${left.length === 0 ? "gone" : "left running"}, closed in ${time(closed.milliseconds)}`
    }
  })
}

const hostKilled: Scenario = {
  name: "grandchild, host killed",
  what: "The same server, but the client's process gets SIGKILL. The server is gone soon after.",
  slow: ["sdk1", "sdk2", "mcporter", "effect"],
  run: Effect.fnUntraced(function*({ kill, pids, startClient, wrapped }) {
    const client = yield* startClient
    yield* client.connect(wrapped)
    yield* kill(client.pid)
    const took = yield* waitFor(() => !pids().some(isAlive), 10)
    return { ok: took !== undefined, text: took === undefined ? "left running" : `gone in ${time(took)}` }
  })
}

const flood: Scenario = {
  name: "10 MB of stderr",
  what: "The server writes 10 MB to its standard error during a call. The call is answered.",
  run: Effect.fnUntraced(function*({ startClient, stdio }) {
    const client = yield* startClient
    yield* client.connect(stdio())
    const answer = yield* client.call("flood", {}, 20)
    return { ok: isAnswered(answer), text: tell(answer) }
  })
}

const says: Scenario = {
  name: "exit explained",
  what: "The server ends at once with code 3 and a last line on standard error. The error has both.",
  run: Effect.fnUntraced(function*({ startClient, stdio }) {
    const client = yield* startClient
    const connected = yield* client.ask({ do: "connect", target: stdio("exits") })
    const { reply } = isAnswered(connected) ? yield* client.ask({ do: "list" }) : connected
    const error = reply?.error ?? ""
    const code = /\b(?:code|"exitCode":|status)\W*3\b/i.test(error)
    const words = error.includes("API_KEY is not set")
    return {
      ok: code && words,
      text: code && words ? "both" : code ? "the code alone" : words ? "the words alone" : "neither"
    }
  })
}

const mute: Scenario = {
  name: "12 servers, one mute",
  what:
    "Twelve servers, one of which never says anything, listed by the client itself. The tools of the eleven are known without waiting for it.",
  clients: ["ours", "mcporter"],
  run: Effect.fnUntraced(function*({ startClient, stdio }) {
    const client = yield* startClient
    const names = Array.from({ length: 12 }, (_, index) => `server${index + 1}`)
    const targets = Object.fromEntries(names.map((name) => [name, stdio(name === "server5" ? "mute" : "")]))
    const answer = yield* client.ask({ do: "survey", targets, enough: 11 }, 45)
    const known = Array.isArray(answer.reply?.value) ? answer.reply.value.length : 0
    return {
      ok: known === 11 && answer.milliseconds < 10_000,
      text: known === 0 ? tell(answer) : `${known} known after ${time(answer.milliseconds)}`
    }
  })
}

export const scenarios: ReadonlyArray<Scenario> = [
  killedDuringCall,
  killedBetweenCalls,
  wrapperOnClose,
  hostKilled,
  mute,
  flood,
  says
]
