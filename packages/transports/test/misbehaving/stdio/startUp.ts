/** Servers that do not come up as they should. */
import { spawn } from "node:child_process"
import { closeSync } from "node:fs"
import type { StdioCase, StdioHandler } from "../case.ts"

const stay = () => void setInterval(() => {}, 1000)

const initialized = (more: object = {}): StdioHandler => ({ send }, { id }) =>
  send({
    id,
    result: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "fixture", version: "1" },
      ...more
    }
  })

const silence: StdioHandler = () => {}

/** Where silence is the case, the timeout ends it. */
const soon = { timeout: 2500 }

export const cases: ReadonlyArray<StdioCase> = [
  { name: "well-behaved", stdio: {}, expect: { list: "1 tools", pair: "done, done", call: "done", ping: "pong" } },
  {
    name: "a command that is not there",
    command: "no-such-command",
    stdio: {},
    expect: { connect: "ConnectionError spawn" }
  },
  {
    name: "a program that is something else",
    command: "cat",
    stdio: {},
    expect: { connect: "ConnectionError negotiate exit 1" }
  },
  {
    name: "ends at once, with exit code 0",
    stdio: { start: () => process.exit(0) },
    expect: { connect: "ConnectionError negotiate exit 0" }
  },
  {
    name: "ends at once, with an error",
    stdio: { start: () => process.exit(7) },
    expect: { connect: "ConnectionError negotiate exit 7" }
  },
  {
    name: "throws at once",
    stdio: {
      start: () => {
        throw new Error("no configuration")
      }
    },
    expect: { connect: "ConnectionError negotiate exit 1" }
  },
  {
    name: "ends by a signal",
    stdio: { start: () => void process.kill(process.pid, "SIGKILL") },
    expect: { connect: "ConnectionError negotiate SIGKILL" }
  },
  {
    name: "ends on server/discover",
    stdio: { "server/discover": () => process.exit(1) },
    expect: { call: "done" },
    seen: { start: 2 }
  },
  {
    name: "ends on initialize",
    stdio: { initialize: () => process.exit(3) },
    expect: { connect: "ConnectionError negotiate exit 3" }
  },
  {
    name: "ends on initialized",
    stdio: { "notifications/initialized": ({ life }) => life === 1 ? process.exit(3) : undefined },
    // Whether it is gone before the call is sent is a matter of chance.
    expect: { call: ["CallError Closed unknown", "CallError Closed not-sent", "done"], again: "done" }
  },
  {
    name: "reads nothing",
    stdio: { start: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) },
    expect: { connect: "ConnectionError negotiate" },
    options: { ...soon, gracePeriod: 300 }
  },
  {
    name: "reads, and is silent",
    stdio: { "server/discover": silence, "initialize": silence },
    expect: { connect: "ConnectionError negotiate" },
    options: soon
  },
  { name: "is silent on server/discover", stdio: { "server/discover": silence }, expect: { call: "done" } },
  {
    name: "answers server/discover under an id of its own",
    stdio: {
      "server/discover": ({ send }) => send({ id: -32603, error: { code: 1, message: "Unknown request tag" } })
    },
    expect: { call: "done" }
  },
  {
    name: "refuses to initialize",
    stdio: { initialize: ({ send }, { id }) => send({ id, error: { code: -32603, message: "no database" } }) },
    expect: { connect: "ConnectionError negotiate" }
  },
  {
    name: "chooses a revision that nobody knows",
    stdio: { initialize: initialized({ protocolVersion: "1999-01-01" }) },
    expect: { connect: "ConnectionError negotiate" }
  },
  {
    name: "names no revision",
    stdio: { initialize: initialized({ protocolVersion: undefined }) },
    expect: { connect: "ConnectionError negotiate" }
  },
  {
    name: "chooses the oldest revision",
    stdio: { initialize: initialized({ protocolVersion: "2024-10-07" }) },
    expect: { call: "done" }
  },
  {
    name: "tells neither its capabilities nor its name",
    stdio: { initialize: initialized({ capabilities: undefined, serverInfo: undefined }) },
    expect: { call: "done" }
  },
  {
    name: "has null for capabilities, name and instructions",
    stdio: { initialize: initialized({ capabilities: null, serverInfo: null, instructions: null }) },
    expect: { call: "done" }
  },
  {
    name: "answers initialize with null",
    stdio: { initialize: ({ send }, { id }) => send({ id, result: null }) },
    expect: { connect: "ConnectionError negotiate" }
  },
  {
    name: "asks and tells before it has answered initialize",
    stdio: {
      initialize: (server, message) => {
        server.send({ id: 1, method: "ping" })
        server.send({ id: 2, method: "roots/list" })
        server.send({ method: "notifications/message", params: { level: "info", data: "starting" } })
        initialized()(server, message)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "answers initialize twice",
    stdio: {
      initialize: (server, message) => {
        initialized()(server, message)
        initialized()(server, message)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "closes its stdout and goes on",
    stdio: {
      start: () => {
        stay()
        closeSync(1)
      }
    },
    expect: { connect: "ConnectionError negotiate" }
  },
  {
    name: "closes its stdin and goes on",
    stdio: {
      start: () => {
        stay()
        process.stdin.destroy()
        closeSync(0)
      }
    },
    expect: { connect: "ConnectionError negotiate" },
    // What was written before is never refused.
    options: { timeout: 4000, gracePeriod: 300 }
  },
  {
    name: "is slow to start",
    stdio: { start: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000) },
    expect: { call: "done" }
  },
  {
    name: "ends, and leaves a process that holds its stdout",
    stdio: {
      start: ({ mark }) => {
        spawn("sh", ["-c", `trap '' TERM HUP INT; while :; do sleep 1; done # ${mark}`], {
          stdio: ["ignore", "inherit", "ignore"]
        })
        process.exit(4)
      }
    },
    expect: { connect: "ConnectionError negotiate exit 4" },
    options: { gracePeriod: 300 }
  }
]
