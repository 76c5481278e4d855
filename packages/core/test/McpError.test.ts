import { assert, describe, it } from "@effect/vitest"
import * as McpError from "@universal-mcp/core/McpError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const call = (reason: McpError.CallErrorReason) =>
  new McpError.CallError({ server: "files", method: "tools/call", delivery: "unknown", reason })

const errors: ReadonlyArray<readonly [message: string, error: Error, schema: Schema.Codec<Error, unknown>]> = [
  [
    "no connection to \"files\" (stdio, spawn): the process ended (exit code 7); it said: bad flag --x",
    new McpError.ConnectionError({
      server: "files",
      transport: "stdio",
      phase: "spawn",
      description: "the process\nended",
      exitCode: 7,
      stderr: ["starting", "bad flag --x", " "],
      hint: "check the command"
    }),
    McpError.ConnectionError
  ],
  [
    "no connection to \"docs\" (sse, http): HTTP 503 (killed by SIGKILL)",
    new McpError.ConnectionError({
      server: "docs",
      transport: "sse",
      phase: "http",
      description: "HTTP 503",
      signal: "SIGKILL",
      stderr: [],
      status: 503,
      retryAfter: 1000,
      wwwAuthenticate: "Bearer"
    }),
    McpError.ConnectionError
  ],
  [
    "there is no server \"fles\"; available: \"files\", \"docs\"; did you mean \"files\"?",
    new McpError.ServerNotFound({ server: "fles", available: ["files", "docs"], closest: "files" }),
    McpError.ServerNotFound
  ],
  [
    "there is no server \"fles\"; none is registered",
    new McpError.ServerNotFound({ server: "fles", available: [] }),
    McpError.ServerNotFound
  ],
  [
    "there is already a server \"files\"; remove it first or choose another name",
    new McpError.ServerAlreadyExists({ server: "files" }),
    McpError.ServerAlreadyExists
  ],
  [
    "\"files\" has no tool \"raed\"; did you mean \"read\", \"readdir\"?",
    new McpError.ToolNotFound({ server: "files", tool: "raed", closest: ["read", "readdir"] }),
    McpError.ToolNotFound
  ],
  [
    "\"files\" has no tool \"x\"",
    new McpError.ToolNotFound({ server: "files", tool: "x", closest: [] }),
    McpError.ToolNotFound
  ],
  [
    "\"files\" has no tool \"x\"",
    new McpError.ToolNotFound({ server: "files", tool: "x", closest: [], text: "what?", result: { isError: true } }),
    McpError.ToolNotFound
  ],
  [
    "tool \"stat\" of \"files\" answered something else than it declares: structuredContent.size must be integer; and more",
    new McpError.InvalidStructuredContent({
      server: "files",
      tool: "stat",
      issues: ["structuredContent.size must be integer", "and\nmore"],
      result: { content: [], structuredContent: { size: "1" } },
      hint: "look"
    }),
    McpError.InvalidStructuredContent
  ],
  [
    "tool \"read\" of \"files\" failed: no such file",
    new McpError.ToolFailed({ server: "files", tool: "read", text: "no such\r\nfile", result: { isError: true } }),
    McpError.ToolFailed
  ],
  [
    "bad configuration in mcp.json at mcpServers.files.type: found \"htp\"; allowed: stdio, sse",
    new McpError.ConfigError({
      file: "mcp.json",
      path: "mcpServers.files.type",
      found: "\"htp\"",
      allowed: ["stdio", "sse"]
    }),
    McpError.ConfigError
  ],
  [
    "bad configuration at the top: found a list",
    new McpError.ConfigError({ path: "", found: "a list", allowed: [] }),
    McpError.ConfigError
  ],
  [
    "tools/call on \"files\" failed: no answer within 5 ms",
    call(new McpError.Timeout({ milliseconds: 5 })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: the process ended (exit code 1); it said: bye",
    call(new McpError.Closed({ description: "the process ended", exitCode: 1, stderr: ["bye"] })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: the session expired",
    call(new McpError.SessionExpired({ description: "the session expired" })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: no (code -32602)",
    call(new McpError.Rejected({ code: -32602, description: "no", data: { a: [1] } })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: HTTP 429",
    call(new McpError.Rejected({ code: 429, status: 429, description: "HTTP 429", retryAfter: 1000 })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: not authorized (HTTP 401)",
    call(new McpError.Unauthorized({ status: 401 })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: a BigInt",
    call(new McpError.InvalidArguments({ description: "a BigInt" })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: a riddle",
    call(new McpError.InvalidResult({ description: "a riddle" })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: the answer is larger than the limit of 9 bytes",
    call(new McpError.TooLarge({ limit: 9 })),
    McpError.CallError
  ],
  [
    "tools/call on \"files\" failed: no tools",
    call(new McpError.Unsupported({ description: "no tools" })),
    McpError.CallError
  ]
]

describe("McpError", () => {
  it.each(errors)("%s", (message, error, schema) => {
    assert.strictEqual(error.message, message)
    assert.instanceOf(error, Error)
    const codec = Schema.toCodecJson(schema)
    const json = JSON.stringify(Schema.encodeSync(codec)(error))
    const decoded = Schema.decodeSync(codec)(JSON.parse(json))
    assert.deepStrictEqual(decoded, error)
    assert.strictEqual(decoded.message, message)
  })

  it("keeps control characters of strangers out of messages", () => {
    const error = call(new McpError.Closed({ description: "a\u001B[2J\u0000b", stderr: ["c\u009Bd"] }))
    assert.strictEqual(error.message, "tools/call on \"files\" failed: a\\u001b[2J\\u0000b; it said: c\\u009bd")
  })

  it("cuts what a server says at length", () => {
    const error = call(new McpError.Rejected({ code: -1, description: "a ".repeat(16_000_000) }))
    assert.isBelow(error.message.length, 11_000)
    assert.match(error.message, /a…$/)
  })

  it("repeats at most 300 characters of standard error", () => {
    assert.isAtMost(call(new McpError.Closed({ description: "a", stderr: ["x".repeat(1000)] })).message.length, 400)
  })

  it.effect("is caught by its tag, and by its reason", () =>
    Effect.gen(function*() {
      const failing = (
        error: McpError.CallError | McpError.ToolNotFound
      ): Effect.Effect<string, McpError.CallError | McpError.ToolNotFound> => Effect.fail(error)
      const recover = (error: McpError.CallError | McpError.ToolNotFound) =>
        failing(error).pipe(
          Effect.catchReason("CallError", "Timeout", (reason) => Effect.succeed(`late ${reason.milliseconds}`)),
          Effect.catchTag("ToolNotFound", (missing) => Effect.succeed(`no ${missing.tool}`)),
          Effect.catchTag("CallError", (other) => Effect.succeed(other.reason._tag))
        )
      assert.strictEqual(yield* recover(call(new McpError.Timeout({ milliseconds: 5 }))), "late 5")
      assert.strictEqual(yield* recover(call(new McpError.TooLarge({ limit: 5 }))), "TooLarge")
      assert.strictEqual(yield* recover(new McpError.ToolNotFound({ server: "a", tool: "b", closest: [] })), "no b")
    }))
})
