/** Servers that end when they should not, and that do not when they should. */
import { spawn } from "node:child_process"
import { closeSync } from "node:fs"
import type { StdioCase, StdioHandler } from "../case.ts"

const stay: StdioHandler = () => void setInterval(() => {}, 1000)

const nothing: StdioHandler = () => {}

const stubborn: StdioHandler = ({ mark }) =>
  void spawn("sh", ["-c", `trap '' TERM HUP INT; while :; do sleep 1; done # ${mark}`], { stdio: "ignore" })

const once = (act: () => void): StdioHandler => (server, message) => server.life === 1 ? act() : server.answer(message)

/** Its end is not waited for longer. */
const options = { gracePeriod: 300 }

const lost = { call: "CallError Closed unknown", again: "done", ping: "pong" }

export const cases: ReadonlyArray<StdioCase> = [
  { name: "goes on when its stdin ends", stdio: { end: stay }, expect: { call: "done" }, options, within: 4000 },
  {
    name: "goes on when its stdin ends, and on SIGTERM",
    stdio: { end: stay, SIGTERM: nothing },
    expect: { call: "done" },
    options,
    within: 4000
  },
  {
    name: "reads nothing more after an answer",
    stdio: {
      "tools/call": ({ answer }, message) => {
        answer(message)
        for (;;);
      }
    },
    expect: { call: "done" },
    options,
    within: 4000
  },
  { name: "leaves with an error", stdio: { end: () => process.exit(9) }, expect: { call: "done" }, within: 4000 },
  {
    name: "is slow to leave",
    stdio: { end: () => void setTimeout(() => {}, 700) },
    expect: { call: "done" },
    within: 6000
  },
  {
    name: "writes to stdout for ever when it is to end",
    stdio: {
      end: ({ write }) => {
        for (;;) write("bye\n".repeat(10_000))
      }
    },
    expect: { call: "done" },
    options,
    within: 4000
  },
  {
    name: "writes 5 MB to stderr before it ends",
    stdio: {
      end: stay,
      SIGTERM: ({ write }) => {
        write("e".repeat(5_000_000), 2)
        process.exit(0)
      }
    },
    expect: { call: "done" },
    options: { gracePeriod: 1000 },
    within: 6000
  },
  {
    name: "has a process of its own that nothing but SIGKILL ends",
    stdio: { start: stubborn },
    expect: { call: "done" },
    options,
    within: 4000
  },
  {
    name: "has such a process, and leaves by itself",
    stdio: {
      start: stubborn,
      end: () => process.exit(0)
    },
    expect: { call: "done" },
    options,
    within: 4000
  },
  {
    name: "does not answer, when it is to end",
    stdio: { "tools/call": nothing, "end": stay },
    expect: { call: "CallError Timeout unknown" },
    options: { ...options, requestTimeout: 300 },
    within: 4000
  },
  {
    name: "ends during a call, with exit code 0",
    stdio: { "tools/call": once(() => process.exit(0)) },
    expect: lost,
    seen: { start: 2 }
  },
  {
    name: "ends during a call, with an error",
    stdio: { "tools/call": once(() => process.exit(1)) },
    expect: lost,
    seen: { start: 2 }
  },
  {
    name: "is killed during a call",
    stdio: { "tools/call": once(() => void process.kill(process.pid, "SIGKILL")) },
    expect: lost,
    seen: { start: 2 }
  },
  {
    name: "ends between two calls",
    stdio: {
      "tools/call": ({ answer, life }, message) => {
        answer(message)
        if (life === 1) process.exit(1)
      }
    },
    expect: { call: "done", again: ["done", "CallError Closed unknown"], ping: "pong" }
  },
  {
    name: "ends at every call",
    stdio: { "tools/call": () => process.exit(1) },
    expect: { call: "CallError Closed unknown", again: "CallError Closed unknown", ping: "pong" }
  },
  {
    name: "closes its stdout during a call, and goes on",
    stdio: {
      "tools/call": once(() => {
        setInterval(() => {}, 1000)
        closeSync(1)
      })
    },
    expect: lost,
    options
  },
  {
    name: "closes its stdin during a call, and goes on",
    stdio: {
      "tools/call": ({ answer, life }, message) => {
        if (life === 1) {
          setInterval(() => {}, 1000)
          process.stdin.destroy()
          closeSync(0)
        }
        answer(message)
      }
    },
    expect: { call: "done", again: ["done", "CallError Closed unknown", "CallError Closed not-sent"], ping: "pong" },
    options
  }
]
