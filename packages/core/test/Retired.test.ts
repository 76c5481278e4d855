/** What becomes of the calls that a connection still has in flight when it is replaced; found by the soak, seeds 1 to 3. */
import { assert, describe, it } from "@effect/vitest"
import * as Faults from "@universal-mcp/core/Faults"
import { SessionExpired } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import { Effect, Fiber } from "effect"
import { text, type Wire, wire } from "./fixtures/wire.ts"

const expired = new TransportError({
  phase: "http",
  delivery: "not-sent",
  reason: new SessionExpired({ description: "HTTP 404" })
})

/** The first connection keeps `long` waiting and says of `short` that the session has expired. */
const connect = Effect.gen(function*() {
  const wires: Array<Wire> = []
  const acquire = Effect.map(
    wire({
      "tools/call": (request, end) => {
        if (end !== wires[0]) return end.answer(request, text("second"))
        if (request.params?.["name"] === "long") return
        Object.assign(end.near, { lost: expired })
        end.near.onmessage?.(failRequest(request.id ?? 0, expired))
      }
    }),
    (end) => {
      wires.push(end)
      // Ends at once, as that of HTTP does.
      const close = () => Promise.resolve(end.near.onclose?.())
      return wires.length === 1 ? Object.assign(end.near, { close }) : end.near
    }
  )
  const session = yield* McpSession.make(acquire, { name: "hand", transport: "in-memory" })
  const first = wires[0]
  assert.isDefined(first)
  const long = yield* Effect.forkScoped(session.callTool("long", {}, { idempotent: false }))
  const request = yield* first.next("tools/call")
  yield* session.callTool("short")
  assert.strictEqual(wires.length, 2)
  return { first, long, request, wires }
})

describe("a connection that was replaced, with a call in flight", () => {
  it.effect("still gives its answer, and the call is not sent again", () =>
    Effect.gen(function*() {
      const { first, long, request, wires } = yield* connect
      // From outside, as from a socket.
      yield* Effect.callback<void>((resume) => {
        setImmediate(() => {
          first.answer(request, text("first"))
          resume(Effect.void)
        })
      })
      assert.deepInclude((yield* Fiber.join(long)).content[0], { text: "first" })
      assert.strictEqual(wires[1]?.all("tools/call").length, 1)
    }))

  it.effect("does not say that it was not sent, if it ends without an answer", () =>
    Effect.gen(function*() {
      const { first, long, wires } = yield* connect
      first.near.onclose?.()
      const error = yield* Effect.flip(Fiber.join(long))
      assert.strictEqual("delivery" in error && error.delivery, "unknown")
      assert.strictEqual(wires[1]?.all("tools/call").length, 1)
    }))

  it.effect("finishes its calls also where faults are injected, which are not those of a process", () =>
    Effect.gen(function*() {
      const wires: Array<Wire> = []
      const acquire = Effect.map(
        wire({ "tools/call": (request, end) => end.answer(request, text("fast")) }),
        (end) => {
          wires.push(end)
          return Object.assign(end.near, { kind: "http" as const })
        }
      )
      const once = { probability: 1, times: 1, methods: ["tools/call"] }
      const faults = Faults.layer({ seed: 1, expire: once })
      const session = yield* McpSession.make(acquire, { name: "hand", transport: "in-memory" }).pipe(
        Effect.provide(faults)
      )
      const slow = yield* Effect.forkScoped(session.getPrompt("slow"))
      const first = wires[0]
      assert.isDefined(first)
      const request = yield* first.next("prompts/get")
      yield* session.callTool("fast")
      assert.strictEqual(wires.length, 2)
      first.answer(request, { messages: [] })
      yield* Fiber.join(slow)
      assert.lengthOf(wires.flatMap((wire) => wire.all("prompts/get")), 1)
    }))
})

describe("a call that each session is lost by", () => {
  const run = Effect.gen(function*() {
    const wires: Array<Wire> = []
    const acquire = Effect.map(
      wire({
        "tools/call": (request, end) => {
          Object.assign(end.near, { lost: expired })
          end.near.onmessage?.(failRequest(request.id ?? 0, expired))
        }
      }),
      (end) => {
        wires.push(end)
        return end.near
      }
    )
    const session = yield* McpSession.make(acquire, { name: "hand", transport: "in-memory" })
    const error = yield* Effect.flip(session.callTool("logout", {}, { idempotent: false }))
    return { calls: wires.flatMap((wire) => wire.all("tools/call")).length, error }
  })

  it.effect("is sent once more and no oftener, because it may be what ends them", () =>
    Effect.gen(function*() {
      const { calls, error } = yield* run
      assert.strictEqual(calls, 2)
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "SessionExpired")
      assert.strictEqual("delivery" in error && error.delivery, "unknown")
    }))
})
