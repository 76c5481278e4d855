/** Sessions whose servers end, on real processes and sockets; when they are tried again: core/test/Reconnect.test.ts. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import type { McpSession, SessionState } from "@universal-mcp/core/McpSession"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Fiber, FileSystem, Queue, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { patience } from "../../../test/patience.ts"
import { event, initializeResult, result, serve } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"
import { restartable } from "./fixtures/restartable.ts"
import { alive, fixture, mark, node, pids } from "./support.ts"

type Session = McpSession["Service"]

const states = Effect.fnUntraced(function*(session: Session) {
  const seen = yield* Queue.unbounded<SessionState>()
  yield* session.state.changes.pipe(
    Stream.runForEach((state) => Queue.offer(seen, state)),
    Effect.forkScoped({ startImmediately: true })
  )
  const until = (tag: SessionState["_tag"]): Effect.Effect<SessionState> =>
    Effect.flatMap(Queue.take(seen), (state) => state._tag === tag ? Effect.succeed(state) : until(tag))
  return until
})

describe("a server over stdio that ends", () => {
  it.layer(NodeServices.layer, { excludeTestServices: true })((it) => {
    const open = (...flags: ReadonlyArray<string>) =>
      StdioTransport.make({
        name: "weather",
        command: node,
        args: [fixture, ...flags],
        requestTimeout: patience(20_000)
      })

    it.effect("is started again: killed between calls, the next works; the state says what happened", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const session = yield* open(`--mark=${word}`)
        const until = yield* states(session)
        yield* Effect.sync(() => execFileSync("pkill", ["-KILL", "-f", word]))
        const lost = yield* until("Reconnecting")
        assert.isTrue(lost._tag === "Reconnecting" && lost.error.signal === "SIGKILL")
        assert.strictEqual(text(yield* session.callTool("echo", { message: "again" })), "again")
        yield* until("Ready")
        assert.strictEqual(alive(word).length, 1)
      }))

    it.effect("during a call: that call says what is known, the next works", () =>
      Effect.gen(function*() {
        const session = yield* open()
        yield* session.listTools
        const error = yield* Effect.flip(session.callTool("exit"))
        assert.deepInclude(error, { _tag: "CallError", delivery: "unknown" })
        assert.match(error.message, /exit code 7.*last words/)
        assert.strictEqual(text(yield* session.callTool("echo", { message: "again" })), "again")
      }))

    it.effect("with what it left behind, before it is started again", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const session = yield* open("--grandchild", `--mark=${word}`)
        const before = pids(`# ${word}`)
        assert.isNotEmpty(before)
        yield* Effect.flip(session.callTool("exit"))
        yield* session.callTool("echo")
        const after = pids(`# ${word}`)
        assert.isNotEmpty(after)
        assert.deepStrictEqual(after.filter((pid) => before.includes(pid)), [])
      }))

    it.effect("for good: calls fail with its last words once it was tried often enough, and it comes back by itself", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const directory = yield* fs.makeTempDirectoryScoped()
        const script = `${directory}/server.mjs`
        const good = `process.argv.push("--name=late"); await import(${JSON.stringify(fixture)})`
        yield* fs.writeFileString(script, good)
        const session = yield* StdioTransport.make({
          name: "weather",
          command: node,
          args: [script],
          reconnect: { delay: "10 millis", maxDelay: "50 millis" }
        })
        const until = yield* states(session)
        yield* fs.writeFileString(script, "console.error('my database is gone'); process.exit(9)")
        yield* Effect.flip(session.callTool("exit"))
        const error = yield* session.callTool("echo").pipe(Effect.flip)
        assert.deepInclude(error, { _tag: "CallError", delivery: "not-sent" })
        assert.match(error.message, /exit code 9.*my database is gone/)
        yield* fs.writeFileString(script, good)
        yield* until("Ready")
        yield* until("Ready")
        yield* session.callTool("echo")
      }))
  })
})

describe("a server over Streamable HTTP that is started again", () => {
  const calls = (session: Session, tool: string, prefix: string, count: number) =>
    Effect.forEach(
      Array.from({ length: count }, (_, index) => `${prefix}-${index}`),
      (id) => Effect.exit(session.callTool(tool, { id }, { timeout: patience(20_000) })),
      { concurrency: "unbounded" }
    )

  live(
    "under 50 callers: every call succeeds, none is carried out twice, over one new session",
    () =>
      Effect.gen(function*() {
        const server = yield* restartable
        const session = yield* connect(server.url)
        yield* session.listTools
        yield* server.forget
        const [reads, writes] = yield* Effect.all([
          calls(session, "read", "read", 25),
          calls(session, "write", "write", 25)
        ], { concurrency: "unbounded" })
        assert.strictEqual([...reads, ...writes].filter(({ _tag }) => _tag === "Success").length, 50)
        assert.strictEqual(server.sessions.length, 2)
        assert.deepStrictEqual([...new Set(server.executed.values())], [1])
        assert.isAtLeast(server.refused.get(404) ?? 0, 1)
      })
  )

  live("while nobody listens: calls wait for it", () =>
    Effect.gen(function*() {
      const server = yield* restartable
      const session = yield* connect(server.url)
      yield* session.listTools
      yield* server.stop
      const waiting = yield* Effect.forkChild(calls(session, "write", "write", 50))
      const until = yield* states(session)
      const lost = yield* until("Reconnecting")
      assert.match(lost._tag === "Reconnecting" ? lost.error.message : "", /refused|ECONNREFUSED/)
      yield* server.start
      const exits = yield* Fiber.join(waiting)
      assert.strictEqual(exits.filter(({ _tag }) => _tag === "Success").length, 50)
      assert.strictEqual(server.sessions.length, 2)
      assert.deepStrictEqual([...new Set(server.executed.values())], [1])
    }))

  live(
    "again and again under load: what says it succeeded was carried out once, what says not-sent never",
    () =>
      Effect.gen(function*() {
        const server = yield* restartable
        const session = yield* connect(server.url)
        yield* session.listTools
        let round = 0
        const load = Effect.suspend(() => calls(session, "write", `round-${round++}`, 20))
        const all = yield* Effect.forkChild(Effect.forEach(Array.from({ length: 10 }), () => load))
        yield* Effect.forEach(
          Array.from({ length: 5 }),
          () => server.stop.pipe(Effect.andThen(server.start), Effect.delay("100 millis"))
        )
        const exits = yield* Fiber.join(all)
        exits.forEach((batch, index) =>
          batch.forEach((exit, position) => {
            const times = server.executed.get(`round-${index}-${position}`) ?? 0
            if (exit._tag === "Success") return assert.strictEqual(times, 1)
            const [reason] = exit.cause.reasons
            assert.isTrue(reason?._tag === "Fail" && reason.error._tag === "CallError")
            if (reason?._tag === "Fail" && reason.error._tag === "CallError") {
              assert.isAtMost(times, reason.error.delivery === "not-sent" ? 0 : 1)
            }
          })
        )
      })
  )

  live(
    "a call that was refused because of too many is sent again when the server wants it",
    () =>
      Effect.gen(function*() {
        let calls = 0
        const server = yield* serve({
          "tools/call": ({ message, response }) =>
            calls++ === 0
              ? response.writeHead(429, { "retry-after": "1" }).end()
              : response.writeHead(200, { "content-type": "application/json" }).end(
                JSON.stringify(result(message.id, "done"))
              )
        })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        const [first, second] = server.seen("tools/call").map(({ time }) => time)
        assert.isAtLeast((second ?? 0) - (first ?? 0), 990)
      })
  )
})

describe("a server over HTTP+SSE whose stream ends", () => {
  live("is connected to again, with a handshake, and the next call works", () =>
    Effect.gen(function*() {
      const streams: Array<(text: string) => void> = []
      let end = () => {}
      const server = yield* serve({
        "GET": ({ response }) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write("event: endpoint\ndata: /message\n\n")
          streams.push((text) => response.write(text))
          end = () => response.end()
        },
        "initialize": ({ message, response }) => {
          response.writeHead(202).end()
          streams.at(-1)?.(event(initializeResult(message.id)))
        },
        "tools/call": ({ message, response }) => {
          response.writeHead(202).end()
          streams.at(-1)?.(event(result(message.id, `stream ${streams.length}`)))
        }
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo")), "stream 1")
      const until = yield* states(session)
      end()
      yield* until("Reconnecting")
      assert.strictEqual(text(yield* session.callTool("echo")), "stream 2")
      assert.strictEqual(server.seen("initialize").length, 2)
    }))
})
