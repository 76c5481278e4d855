/** Real servers that ask at once, on one terminal. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { layerTerminal } from "../src/Elicitation.ts"
import { events, server } from "./support.ts"
import * as TestTerminal from "./terminal.ts"

const registry = ServerRegistry.layer.pipe(
  Layer.provide(NodeTransports.layer),
  Layer.provide(NodeServices.layer)
)

const names = ["one", "two", "three", "four", "five"]

describe("five servers that ask at once", () => {
  it.live("one answered, one killed, one cancelled, one whose call is interrupted: each makes way for the next", () =>
    Effect.gen(function*() {
      const terminal = yield* TestTerminal.make
      const reported = yield* events
      yield* Effect.gen(function*() {
        const servers = yield* ServerRegistry.ServerRegistry
        yield* servers.addServers(
          names.map((name) => ({ name, transport: "stdio", ...server(name), env: reported.env }))
        )
        const calls = new Map<string, Fiber.Fiber<unknown, unknown>>()
        for (const name of names) {
          calls.set(name, yield* Effect.forkChild(Effect.exit(servers.callTool(name, "ask"))))
        }

        /** The next form: who asks, and the process that does. */
        const asking = Effect.gen(function*() {
          yield* terminal.until("\" asks:")
          yield* terminal.until("name (optional) ›")
          assert.strictEqual(terminal.readers(), 1)
          const found = [...terminal.shown().matchAll(/"(\w+)" asks:.*\n│ (\w+) \(process (\d+)\)\n│ asks\n/g)].at(
            -1
          )
          const [, name = "", byItself, pid] = found ?? []
          assert.strictEqual(name, byItself)
          const call = calls.get(name)
          calls.delete(name)
          return { name, call: call ?? (yield* Effect.die(`${name} asks twice`)), pid: Number(pid) }
        })
        const answer = Effect.fnUntraced(function*(name: string) {
          yield* terminal.press({ text: `for ${name}` }, "enter")
          yield* terminal.until("Send?")
          yield* terminal.press("enter")
        })
        const first = yield* asking
        yield* answer(first.name)
        assert.include(JSON.stringify(yield* Fiber.join(first.call)), `for ${first.name}`)

        const second = yield* asking
        yield* Effect.sync(() => process.kill(second.pid, "SIGKILL"))
        yield* terminal.until(`"${second.name}" no longer asks`)
        assert.match(JSON.stringify(yield* Fiber.join(second.call)), /"CallError".*SIGKILL/)

        const third = yield* asking
        yield* terminal.press("escape")
        yield* terminal.until("without an answer?")
        yield* terminal.press("escape")
        assert.include(JSON.stringify(yield* Fiber.join(third.call)), "cancel")

        const fourth = yield* asking
        yield* Fiber.interrupt(fourth.call)
        yield* terminal.until(`"${fourth.name}" no longer asks`)
        yield* reported.until(`${fourth.name} notifications/cancelled`)

        const fifth = yield* asking
        yield* answer(fifth.name)
        assert.include(JSON.stringify(yield* Fiber.join(fifth.call)), `for ${fifth.name}`)
        assert.strictEqual(terminal.readers(), 0)
        assert.strictEqual(calls.size, 0)
      }).pipe(Effect.provide(Layer.merge(registry, Layer.provide(layerTerminal, terminal.layer))))
    }))
})
