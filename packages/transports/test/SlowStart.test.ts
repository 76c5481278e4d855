/** A server that does not answer in time: the error says what it was waited for, and what it waits for itself. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Deferred, Effect, Fiber } from "effect"
import { fixture, node } from "./support.ts"

const silent = (stderr: string, options: Partial<StdioTransport.Options> = {}) =>
  StdioTransport.make({
    name: "bridge",
    command: node,
    args: ["-e", `process.stderr.write(${JSON.stringify(stderr)}); process.stdin.resume()`],
    timeout: "1 second",
    ...options
  }).pipe(
    Effect.scoped,
    Effect.flip,
    Effect.provideService(NegotiationCache.NegotiationCache, NegotiationCache.make()),
    Effect.provide(NodeServices.layer)
  )

describe("the error names what the server did not answer", { concurrent: true }, () => {
  it.live("server/discover, where nothing else was asked", () =>
    Effect.gen(function*() {
      const error = yield* silent("", { protocolVersion: "modern", timeout: 333.25 })
      assert.strictEqual(error.description, "the server did not answer server/discover within 334 ms")
      assert.strictEqual(error.phase, "negotiate")
    }))

  it.live("initialize, where nothing else was asked", () =>
    Effect.gen(function*() {
      const error = yield* silent("", { protocolVersion: "legacy" })
      assert.strictEqual(error.description, "the server did not answer initialize within 1000 ms")
    }))

  it.live("initialize, after silence on server/discover", () =>
    Effect.gen(function*() {
      const error = yield* silent("").pipe(Effect.provideService(NegotiationCache.ProbeTimeout, "100 millis"))
      assert.strictEqual(error.description, "the server did not answer initialize within 1000 ms")
    }))

  it.live("within the whole time, also where it was started twice", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(StdioTransport.make({
        name: "twice",
        command: node,
        args: [fixture, "--discover=exit", "--mute"],
        timeout: "2 seconds"
      }))).pipe(
        Effect.provideService(NegotiationCache.NegotiationCache, NegotiationCache.make()),
        Effect.provide(NodeServices.layer)
      )
      assert.strictEqual(error.description, "the server did not answer initialize within 2000 ms")
    }))
})

describe("the hint tells of a sign-in", { concurrent: true }, () => {
  it.live.each([
    [
      "mcp-remote",
      "[9] Discovering OAuth server configuration...\n[9] \nPlease authorize this client by visiting:\nhttps://auth.example.com/authorize?client_id=a&state=b\n\n[9] Browser opened automatically.\n[9] Authentication required. Initializing auth...\n[9] Waiting for authorization...\n",
      "https://auth.example.com/authorize?client_id=a&state=b"
    ],
    [
      "a device code",
      "To sign in, use a web browser to open the page https://example.com/devicelogin and enter the code ABCD-1234.\n",
      "https://example.com/devicelogin"
    ],
    ["a login", "Login URL:\n  <https://login.example.com/x>\n", "https://login.example.com/x"]
  ])("and where: %s", ([, stderr = "", url]) =>
    Effect.gen(function*() {
      const { hint } = yield* silent(stderr)
      assert.include(hint ?? "", `sign in: open ${url}, and raise \`timeout\``)
    }))

  it.live("and not where it told it not", () =>
    Effect.gen(function*() {
      assert.include((yield* silent("Waiting for authorization...\n")).hint ?? "", "run the command by itself")
      for (const stderr of ["authentication is off\n", "listening on http://127.0.0.1:1\n", ""]) {
        assert.include((yield* silent(stderr)).hint ?? "", "check that this is an MCP server")
      }
    }))
})

it.live("what a server says on standard error while it is being connected to can be heard", () =>
  Effect.gen(function*() {
    const heard = yield* Deferred.make<readonly [string, string]>()
    const connecting = yield* Effect.forkChild(
      silent("open https://example.com/a to sign in\n").pipe(
        Effect.provideService(
          McpSession.ConnectingStderr,
          (server, line) => Deferred.doneUnsafe(heard, Effect.succeed([server, line]))
        )
      )
    )
    assert.deepStrictEqual(yield* Deferred.await(heard), ["bridge", "open https://example.com/a to sign in"])
    yield* Fiber.interrupt(connecting)
  }))
