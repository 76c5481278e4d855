/** A published server's form, answered on the terminal. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { McpSession } from "@universal-mcp/core/McpSession"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { layerTerminal } from "../src/Elicitation.ts"
import { script } from "../src/internal/package.ts"
import * as TestTerminal from "./terminal.ts"

describe("the form of server-everything", () => {
  it.live("the server gets what was filled in and no default that was left out", () =>
    Effect.gen(function*() {
      const terminal = yield* TestTerminal.make
      const everything = StdioTransport.layer({
        name: "everything",
        command: process.execPath,
        args: [script("@modelcontextprotocol/server-everything"), "stdio"]
      }).pipe(Layer.provide(Layer.provide(layerTerminal, terminal.layer)), Layer.provide(NodeServices.layer))
      const { content } = yield* Effect.gen(function*() {
        const { callTool } = yield* McpSession
        const call = yield* Effect.forkChild(callTool("trigger-elicitation-request"))
        yield* terminal.until("String ›")
        yield* terminal.press({ text: "Ada" }, "enter", "enter")
        yield* terminal.until("String with default (optional) › It was a dark and stormy night.")
        yield* terminal.press("ctrl-u", "enter", "enter", "enter", "enter")
        yield* terminal.until("Integer (optional) › 42")
        yield* terminal.press("ctrl-u", "enter", "enter")
        yield* terminal.until("❯ Monica")
        yield* terminal.press("up", "enter")
        yield* terminal.until("Guitar")
        yield* terminal.press("down", "down", "space", "enter")
        yield* terminal.until("❯ Superman")
        yield* terminal.press("up", "enter")
        yield* terminal.until("Tuna")
        yield* terminal.press("enter")
        yield* terminal.until("❯ Cats")
        yield* terminal.press("up", "enter")
        yield* terminal.until("[everything] Send?")
        yield* terminal.press("enter")
        return yield* Fiber.join(call)
      }).pipe(Effect.provide(everything))
      const raw = content.flatMap((block) => block.type === "text" ? [block.text] : []).at(-1) ?? ""
      assert.deepStrictEqual(JSON.parse(raw.replace(/^[^{]*/, "")), {
        action: "accept",
        content: { name: "Ada", number: 3.14, titledMultipleSelectEnum: ["fish-1"] }
      })
    }))
})
