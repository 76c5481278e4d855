/** A server that has forgotten the session, and says so in words that nobody knows. */
import { assert, describe, it } from "@effect/vitest"
import { Rejected, Unauthorized } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { failRequest, TransportError, type TransportKind } from "@universal-mcp/core/McpTransport"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Handlers, type Message, text, type Wire, wire } from "./fixtures/wire.ts"

type Refuse = (request: Message, wire: Wire) => void

const withStatus = (status: number, description: string): Refuse => (request, end) =>
  end.near.onmessage?.(
    failRequest(
      request.id ?? 0,
      new TransportError({
        phase: "http",
        delivery: status >= 500 ? "unknown" : "answered",
        status,
        reason: new Rejected({ code: status, status, description })
      })
    )
  )

const withError = (code: number, message: string): Refuse => (request, end) => end.refuse(request, code, message)

const tool = { name: "a", inputSchema: { type: "object" } }

interface Options {
  readonly kind?: TransportKind
  /** What a forgotten session still answers. */
  readonly still?: Handlers
  /** Whether a new session is refused the same. */
  readonly isAll?: boolean
}

/** From `forget` on, the sessions that there are get nothing but refusals. */
const connect = Effect.fnUntraced(
  function*(refuse: Refuse, { isAll = false, kind = "http", still = {} }: Options = {}) {
    const wires: Array<Wire> = []
    let forgotten = 0
    const unless = (method: string, answer: Refuse): Handlers => ({
      [method]: (request, end) =>
        isAll && forgotten > 0 || wires.indexOf(end) < forgotten
          ? (still[method] ?? refuse)(request, end)
          : answer(request, end)
    })
    const handlers: Handlers = {
      ...unless("tools/call", (request, end) => end.answer(request, text(`by ${wires.indexOf(end)}`))),
      ...unless("tools/list", (request, end) => end.answer(request, { tools: [tool] })),
      ping: (request, end) => end.answer(request, {})
    }
    const session = yield* McpSession.make(
      Effect.map(wire(handlers), (end) => {
        wires.push(end)
        return Object.assign(end.near, { kind })
      }),
      { name: "hand", transport: "in-memory" }
    )
    // Of a tool that is known, no list is asked for when it fails.
    yield* session.listTools
    const call = session.callTool("a", {}, { idempotent: false })
    const calls = (count: number) => Effect.forEach(Array.from({ length: count }), () => Effect.result(call))
    const forget = () => {
      forgotten = wires.length
    }
    return { session, wires, call, calls, forget }
  }
)

const unauthorized: Refuse = (request, end) =>
  end.near.onmessage?.(
    failRequest(
      request.id ?? 0,
      new TransportError({
        phase: "auth",
        delivery: "not-sent",
        status: 401,
        reason: new Unauthorized({ status: 401 })
      })
    )
  )

const refusals: ReadonlyArray<readonly [string, Refuse]> = [
  ["HTTP 401", unauthorized],
  ["an answer without a result", (request, end) => end.send({ jsonrpc: "2.0", id: request.id })],
  ["HTTP 400", withStatus(400, "HTTP 400 Bad Request: unknown visitor")],
  ["HTTP 422", withStatus(422, "HTTP 422: please start over")],
  ["HTTP 500", withStatus(500, "HTTP 500: TypeError: cannot read properties of undefined")],
  ["a JSON-RPC error", withError(-32000, "handshake first")],
  ["another", withError(-32603, "client 17 is gone")]
]

describe("a session that worked and is refused everything", () => {
  it.effect.each(refusals)("is replaced after several refusals: %s", ([, refuse]) =>
    Effect.gen(function*() {
      const { call, calls, forget, session, wires } = yield* connect(refuse)
      yield* call
      forget()
      assert.isTrue((yield* calls(3)).every(({ _tag }) => _tag === "Failure"))
      assert.deepStrictEqual<unknown>(yield* call, text("by 1"))
      assert.lengthOf(wires, 2)
      assert.deepStrictEqual(yield* session.state.current, { _tag: "Ready" })
    }))

  it.effect("is asked nothing twice that may have run", () =>
    Effect.gen(function*() {
      const { call, calls, forget, wires } = yield* connect(withStatus(500, "HTTP 500"))
      yield* call
      forget()
      yield* calls(5)
      assert.deepStrictEqual(wires.map((wire) => wire.all("tools/call").length), [4, 2])
    }))

  it.effect("stays where a new session is refused the same, and is asked less and less often", () =>
    Effect.gen(function*() {
      const { call, calls, forget, wires } = yield* connect(withStatus(400, "HTTP 400"), { isAll: true })
      yield* call
      forget()
      yield* calls(100)
      // After 3, 6, 12, 24, 48 and 96.
      assert.lengthOf(wires, 1 + 6)
      assert.deepStrictEqual(wires.map(({ closed }) => closed), [false, true, true, true, true, true, true])
    }))

  it.effect("stays where it still answers something: then it is the calls that are wrong", () =>
    Effect.gen(function*() {
      const { call, calls, forget, wires } = yield* connect(withError(-32602, "invalid arguments"), {
        still: { "tools/list": (request, end) => end.answer(request, { tools: [] }) }
      })
      yield* call
      forget()
      yield* calls(20)
      assert.lengthOf(wires, 1)
    }))

  it.effect("stays where the server is silent on the question, and holds nobody else up meanwhile", () =>
    Effect.gen(function*() {
      const { call, calls, forget, session, wires } = yield* connect(withStatus(400, "HTTP 400"), {
        still: { "tools/list": () => {} }
      })
      yield* call
      forget()
      yield* calls(2)
      const third = yield* Effect.forkChild(Effect.result(call), { startImmediately: true })
      const [end] = wires
      assert.isDefined(end)
      yield* end.next("tools/list", 2)
      yield* session.ping
      assert.isUndefined(third.pollUnsafe())
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(third))._tag, "Failure")
      assert.lengthOf(wires, 1)
    }))

  it.effect("stays where answers come between the refusals", () =>
    Effect.gen(function*() {
      let count = 0
      const { call, calls, forget, wires } = yield* connect(withStatus(400, "HTTP 400"), {
        still: {
          "tools/call": (request, end) => {
            if (++count % 3 === 0) end.answer(request, text("fine"))
            else withStatus(400, "HTTP 400")(request, end)
          }
        }
      })
      yield* call
      forget()
      yield* calls(30)
      assert.lengthOf(wires, 1)
    }))

  it.effect.each<TransportKind>(["process", "stream"])(
    "is not replaced where it ends with its connection: %s",
    (kind) =>
      Effect.gen(function*() {
        const { call, calls, forget, wires } = yield* connect(withError(-32000, "no"), { kind })
        yield* call
        forget()
        yield* calls(10)
        assert.lengthOf(wires, 1)
      })
  )
})
