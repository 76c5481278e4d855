import { assert, describe, it } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

const decode = (input: unknown) => Effect.runSync(Effect.result(ServerConfig.decode(input, ["servers", "files"])))

const valid: ReadonlyArray<ServerConfig.ServerConfig> = [
  { name: "files", transport: "stdio", command: "npx" },
  {
    name: "files",
    transport: "stdio",
    command: "npx",
    args: ["-y", "server"],
    env: { A: "1", B: Redacted.make("2") },
    cwd: "/tmp",
    gracePeriod: 0,
    timeout: "5 seconds",
    requestTimeout: 1000,
    maxMessageSize: 1
  },
  { name: "files", transport: "sse", url: "http://localhost:1/sse", headers: { a: "b" }, sseReadTimeout: "1 minute" },
  { name: "files", transport: "streamable-http", url: "https://example.com/mcp" },
  { name: "@scope/files.v1:a-b_c", url: "https://example.com/mcp" },
  {
    name: "limited",
    url: "https://example.com/mcp",
    reconnect: { delay: "1 second", maxDelay: 60_000, attempts: 3 },
    concurrency: 1,
    rateLimit: { limit: 100, window: "1 minute" },
    circuitBreaker: { failures: 3, cooldown: "10 seconds" }
  },
  { name: "unguarded", transport: "stdio", command: "a", reconnect: false, circuitBreaker: false },
  { name: "default", transport: "sse", url: "http://a", reconnect: {}, circuitBreaker: {} }
]

const invalid: ReadonlyArray<readonly [what: string, input: unknown, path: string, found: string, allowed: string]> = [
  ["not an object", ["npx"], "servers.files", "a list", "an object"],
  [
    "a wrong transport",
    { name: "a", transport: "htp" },
    "servers.files.transport",
    "\"htp\"",
    "stdio, sse, streamable-http"
  ],
  [
    "a transport that is not text",
    { name: "a", transport: 1 },
    "servers.files.transport",
    "1",
    "stdio, sse, streamable-http"
  ],
  ["no name", { transport: "stdio", command: "a" }, "servers.files.name", "nothing", "a value"],
  [
    "a name with a space",
    { name: "a b", url: "http://a" },
    "servers.files.name",
    "\"a b\"",
    "a name of 1 to 128 letters, digits and _ @ . / : -"
  ],
  [
    "a name that begins with a dash",
    { name: "-a", url: "http://a" },
    "servers.files.name",
    "\"-a\"",
    "a name of 1 to 128 letters, digits and _ @ . / : -"
  ],
  ["no command", { name: "a", transport: "stdio" }, "servers.files.command", "nothing", "a value"],
  ["a blank command", { name: "a", transport: "stdio", command: " " }, "servers.files.command", "\" \"", "a command"],
  [
    "args as text",
    { name: "a", transport: "stdio", command: "a", args: "--key=secret" },
    "servers.files.args",
    "a string",
    "a list"
  ],
  [
    "an arg that is not text",
    { name: "a", transport: "stdio", command: "a", args: ["a", 1] },
    "servers.files.args.1",
    "a number",
    "a string"
  ],
  [
    "env as a list",
    { name: "a", transport: "stdio", command: "a", env: ["A=secret"] },
    "servers.files.env",
    "a list",
    "an object"
  ],
  [
    "an env value that is not text",
    { name: "a", transport: "stdio", command: "a", env: { A: 1234 } },
    "servers.files.env.A",
    "a number",
    "a string"
  ],
  [
    "a header that is not text",
    { name: "a", transport: "sse", url: "http://a", headers: { A: 1234 } },
    "servers.files.headers.A",
    "a number",
    "a string"
  ],
  ["no url", { name: "a", transport: "sse" }, "servers.files.url", "nothing", "a value"],
  ["neither command nor url", { name: "a" }, "servers.files.url", "nothing", "a value"],
  [
    "another scheme",
    { name: "a", url: "ftp://me:pw@a/b?key=secret" },
    "servers.files.url",
    "\"ftp://…@a/b?…\"",
    "an http:// or https:// URL"
  ],
  [
    "a relative url",
    { name: "a", transport: "sse", url: "/mcp" },
    "servers.files.url",
    "\"/mcp\"",
    "an http:// or https:// URL"
  ],
  [
    "a timeout that is no duration",
    { name: "a", url: "http://a", timeout: "soon" },
    "servers.files.timeout",
    "\"soon\"",
    "a duration: milliseconds, or text such as \"5 seconds\""
  ],
  [
    "a negative timeout",
    { name: "a", url: "http://a", timeout: -1 },
    "servers.files.timeout",
    "-1",
    "a duration: milliseconds, or text such as \"5 seconds\""
  ],
  [
    "no room for a message",
    { name: "a", url: "http://a", maxMessageSize: 0 },
    "servers.files.maxMessageSize",
    "0",
    "a value greater than 0"
  ],
  [
    "reconnect that is neither",
    { name: "a", url: "http://a", reconnect: true },
    "servers.files.reconnect",
    "true",
    "an object or false"
  ],
  [
    "no attempts",
    { name: "a", url: "http://a", reconnect: { attempts: 0 } },
    "servers.files.reconnect.attempts",
    "0",
    "a value greater than 0"
  ],
  [
    "a delay that is no duration",
    { name: "a", transport: "stdio", command: "a", reconnect: { delay: "soon" } },
    "servers.files.reconnect.delay",
    "\"soon\"",
    "a duration: milliseconds, or text such as \"5 seconds\""
  ],
  [
    "no concurrency",
    { name: "a", url: "http://a", concurrency: 0 },
    "servers.files.concurrency",
    "0",
    "a value greater than 0"
  ],
  [
    "concurrency as text",
    { name: "a", url: "http://a", concurrency: "5" },
    "servers.files.concurrency",
    "\"5\"",
    "a number"
  ],
  [
    "a rate without a window",
    { name: "a", url: "http://a", rateLimit: { limit: 5 } },
    "servers.files.rateLimit.window",
    "nothing",
    "a value"
  ],
  [
    "half a call",
    { name: "a", url: "http://a", rateLimit: { limit: 0.5, window: 1 } },
    "servers.files.rateLimit.limit",
    "0.5",
    "an integer"
  ],
  [
    "circuitBreaker that is neither",
    { name: "a", url: "http://a", circuitBreaker: "off" },
    "servers.files.circuitBreaker",
    "\"off\"",
    "an object or false"
  ],
  [
    "a negative number of failures",
    { name: "a", url: "http://a", circuitBreaker: { failures: -1 } },
    "servers.files.circuitBreaker.failures",
    "-1",
    "a value greater than 0"
  ]
]

describe("ServerConfig", () => {
  it.each(valid)("takes $transport $name as it is", (config) => {
    assert.deepStrictEqual(decode(config), Result.succeed(config))
  })

  it.each(invalid)("refuses %s", (_, input, path, found, allowed) => {
    const result = decode(input)
    assert.isTrue(Result.isFailure(result))
    if (!Result.isFailure(result)) return
    const error = result.failure
    assert.strictEqual(error._tag, "ConfigError")
    assert.deepStrictEqual([error.path, error.found, error.allowed.join(", ")], [path, found, allowed])
    assert.notInclude(error.message, "secret")
    assert.notInclude(error.message, "1234")
  })

  it("takes names of 1 to 128 characters", () => {
    const ok = (name: string) => Result.isSuccess(Effect.runSync(Effect.result(ServerConfig.checkName(name))))
    assert.deepStrictEqual(["", "a", "a".repeat(128), "a".repeat(129)].map(ok), [false, true, true, false])
  })

  it("hides secrets and keeps the rest", () => {
    assert.deepStrictEqual(
      ServerConfig.hideSecrets({
        name: "a",
        transport: "stdio",
        command: "c",
        args: ["x"],
        env: { A: "1", B: Redacted.make("2") }
      }),
      { name: "a", transport: "stdio", command: "c", args: ["x"], env: { A: "<redacted>", B: "<redacted>" } }
    )
    assert.deepStrictEqual(
      ServerConfig.hideSecrets({
        name: "a",
        url: "https://me:pw@h/p?a=1&b=2&a=3",
        headers: { Authorization: "Bearer x" }
      }),
      {
        name: "a",
        url: "https://redacted:redacted@h/p?a=redacted&b=redacted",
        headers: { Authorization: "<redacted>" }
      }
    )
    const broken = ServerConfig.hideSecrets({ name: "a", transport: "sse", url: "not a url ?key=secret" })
    assert.notInclude(JSON.stringify(broken), "secret")
  })

  it("reveals redacted values", () => {
    assert.deepStrictEqual([ServerConfig.reveal("a"), ServerConfig.reveal(Redacted.make("b"))], ["a", "b"])
  })
})
