import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import type { ConfigError } from "@universal-mcp/core/McpError"
import { hideSecrets, reveal, type ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const variables = { TOKEN: "s3cret", HOME: "/home/me", HOME_DIR: "/elsewhere", NESTED: "${TOKEN}" }

const run = (text: string, env: Record<string, string> = variables, path?: string) =>
  Effect.runSync(
    ConfigFile.decode(text, { path }).pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(env)),
      Effect.result
    )
  )

const servers = (text: string, env?: Record<string, string>): ReadonlyArray<ServerConfig> =>
  Result.getOrThrow(run(text, env))
const failure = (text: string, path?: string): ConfigError => Result.getOrThrow(Result.flip(run(text, variables, path)))
const entry = (fields: unknown) => JSON.stringify({ mcpServers: { files: fields } })
const one = (fields: unknown, env?: Record<string, string>) => servers(entry(fields), env)[0]
const wrong = (fields: unknown) => failure(entry(fields))

describe("ConfigFile", () => {
  it("reads both roots, in the order written", () => {
    const expected = [{ name: "b", transport: "stdio", command: "x" }, { name: "a", url: "https://h/mcp" }]
    for (const root of ["mcpServers", "servers"]) {
      const text = JSON.stringify({ inputs: [], [root]: { b: { command: "x" }, a: { url: "https://h/mcp" } } })
      assert.deepStrictEqual<ReadonlyArray<unknown>>(servers(text), expected)
    }
  })

  it.each([
    ["transport", "stdio", "stdio"],
    ["type", "stdio", "stdio"],
    ["type", "sse", "sse"],
    ["transport", "streamable-http", "streamable-http"],
    ["type", "streamable_http", "streamable-http"],
    ["type", "streamableHttp", "streamable-http"],
    ["transport", "http", "streamable-http"]
  ])("reads %s %s as %s", (field, written, transport) => {
    const rest = transport === "stdio" ? { command: "x" } : { url: "https://h/" }
    assert.strictEqual(one({ [field]: written, ...rest })?.transport, transport)
  })

  it("reads other hosts' names for a url", () => {
    assert.deepStrictEqual<unknown>(one({ serverUrl: "https://h/" }), { name: "files", url: "https://h/" })
    assert.deepStrictEqual<unknown>(one({ httpUrl: "https://h/" }), {
      name: "files",
      transport: "streamable-http",
      url: "https://h/"
    })
  })

  it("takes every field that is ours, ignores the others, and leaves out what is disabled", () => {
    const text = JSON.stringify({
      mcpServers: {
        off: { command: "${NOT_SET}", disabled: true },
        on: {
          command: "x",
          disabled: false,
          autoApprove: ["a"],
          description: "…",
          cwd: "/tmp",
          timeout: 1000,
          requestTimeout: "1 minute",
          gracePeriod: 500,
          maxMessageSize: 1024,
          reconnect: { delay: "1 second", attempts: 3 },
          concurrency: 8,
          rateLimit: { limit: 100, window: "1 minute" },
          circuitBreaker: false
        }
      }
    })
    assert.deepStrictEqual<ReadonlyArray<unknown>>(servers(text), [{
      name: "on",
      transport: "stdio",
      command: "x",
      cwd: "/tmp",
      timeout: 1000,
      requestTimeout: "1 minute",
      gracePeriod: 500,
      maxMessageSize: 1024,
      reconnect: { delay: "1 second", attempts: 3 },
      concurrency: 8,
      rateLimit: { limit: 100, window: "1 minute" },
      circuitBreaker: false
    }])
  })

  it("interpolates command, args, cwd, env, url and headers", () => {
    const stdio = one({
      command: "${HOME}/bin/x",
      args: ["${env:HOME_DIR}", "--a=${HOME}:${HOME_DIR}", "${NOT_SET:-a b}", "${NOT_SET:-}"],
      cwd: "${HOME}",
      env: { KEY: "Bearer ${TOKEN}", PLAIN: "1" }
    })
    assert.isTrue(stdio?.transport === "stdio")
    if (stdio?.transport !== "stdio") return
    assert.deepStrictEqual([stdio.command, stdio.args?.map(reveal), stdio.cwd], [
      "/home/me/bin/x",
      ["/elsewhere", "--a=/home/me:/elsewhere", "a b", ""],
      "/home/me"
    ])
    assert.deepStrictEqual(stdio.env, { KEY: Redacted.make("Bearer s3cret"), PLAIN: Redacted.make("1") })
    assert.notInclude(JSON.stringify(stdio), "s3cret")

    const http = one({ url: "https://${HOST:-h}/${TOKEN}", headers: { Authorization: "Bearer ${TOKEN}" } })
    assert.isTrue(http !== undefined && "url" in http)
    if (http === undefined || !("url" in http)) return
    assert.strictEqual(http.url, "https://h/s3cret")
    assert.deepStrictEqual(http.headers, { Authorization: Redacted.make("Bearer s3cret") })
  })

  it("does not read what a variable holds, and does not interpolate names", () => {
    const config = one({ command: "${NESTED}", env: { "${TOKEN}": "a" } })
    assert.isTrue(config?.transport === "stdio" && config.command === "${TOKEN}")
    assert.isTrue(config?.transport === "stdio" && Object.keys(config.env ?? {}).join() === "${TOKEN}")
  })

  it("redacts arguments with a variable in them, and no others", () => {
    const config = one({ command: "x", args: ["--key", "${TOKEN}", "--key=${TOKEN}", "$${TOKEN}"] })
    assert.isTrue(config?.transport === "stdio")
    if (config?.transport !== "stdio") return
    assert.deepStrictEqual(config.args, [
      "--key",
      Redacted.make("s3cret"),
      Redacted.make("--key=s3cret"),
      "${TOKEN}"
    ])
    const shown = hideSecrets(config)
    assert.deepStrictEqual(shown.transport === "stdio" && shown.args, ["--key", "<redacted>", "<redacted>", "${TOKEN}"])
  })

  it("counts an empty variable as not set", () => {
    const config = one({ command: "x", args: ["${EMPTY:-default}"] }, { EMPTY: "" })
    assert.isTrue(config?.transport === "stdio" && config.args?.map(reveal)[0] === "default")
  })

  it("names a missing variable and where it stands", () => {
    const error = wrong({ command: "x", args: ["a", "${NOT_SET}"] })
    assert.strictEqual(error.path, "mcpServers.files.args.1")
    assert.include(error.message, "NOT_SET, which is not set")
    assert.include(error.hint ?? "", "${NOT_SET:-default}")
    assert.strictEqual(wrong({ command: "x", env: { KEY: "${A}" } }).path, "mcpServers.files.env.KEY")
    assert.strictEqual(wrong({ url: "https://h/", headers: { H: "${A}" } }).path, "mcpServers.files.headers.H")
  })

  it.each(["${", "${}", "${a b}", "${TOKEN", "${A:-${TOKEN}}", "${input:token}"])("refuses %s", (text) => {
    const error = wrong({ command: "x", cwd: text })
    assert.strictEqual(error.path, "mcpServers.files.cwd")
    assert.deepStrictEqual(error.allowed, ["${VAR}", "${VAR:-default}", "${env:VAR}"])
  })

  it.each<readonly [fields: unknown, path: string, found: string, allowed: string, hint: string | undefined]>([
    [{ type: "htp", url: "https://h/" }, "type", "\"htp\"", "stdio, sse, streamable-http", undefined],
    [
      { transport: "streamble-http", url: "https://h/" },
      "transport",
      "\"streamble-http\"",
      "stdio, sse, streamable-http",
      "did you mean \"streamable-http\"?"
    ],
    [
      { transport: "toString", url: "https://h/" },
      "transport",
      "\"toString\"",
      "stdio, sse, streamable-http",
      undefined
    ],
    [
      { comand: "npx" },
      "",
      "only \"comand\"",
      "\"command\", \"url\"",
      "\"comand\" is not a field; did you mean \"command\"?"
    ],
    [
      { type: "stdio", comand: "x" },
      "command",
      "nothing",
      "a value",
      "\"comand\" is not a field; did you mean \"command\"?"
    ],
    [{}, "", "an object without fields", "\"command\", \"url\"", undefined],
    [
      { command: "x", url: "https://h/" },
      "",
      "both \"command\" and \"url\"",
      "one of them",
      "or say which is meant: \"transport\": \"stdio\", \"sse\", \"streamable-http\""
    ],
    [{ command: "x", args: "a b" }, "args", "a string", "a list", undefined],
    [{ command: "x", env: { PORT: 3000 } }, "env.PORT", "a number", "a string", undefined],
    [
      { url: "ftp://u:p@h/${TOKEN}?key=${TOKEN}" },
      "url",
      "\"ftp://…@h/${TOKEN}?…\"",
      "an http:// or https:// URL",
      undefined
    ],
    [{ serverUrl: "${TOKEN}" }, "serverUrl", "\"${TOKEN}\"", "an http:// or https:// URL", undefined],
    [
      { command: "x", timeout: "soon" },
      "timeout",
      "\"soon\"",
      "a duration: milliseconds, or text such as \"5 seconds\"",
      undefined
    ],
    [
      { url: "https://example.com/mcp", rateLimit: { limit: 10, window: "a while" } },
      "rateLimit.window",
      "\"a while\"",
      "a duration: milliseconds, or text such as \"5 seconds\"",
      undefined
    ],
    [
      { command: "x", curcuitBreaker: false, reconnect: "no" },
      "reconnect",
      "\"no\"",
      "an object or false",
      "\"curcuitBreaker\" is not a field; did you mean \"circuitBreaker\"?"
    ],
    ["npx", "", "\"npx\"", "an object", undefined]
  ])("says what is wrong with %j", (fields, path, found, allowed, hint) => {
    const error = wrong(fields)
    assert.strictEqual(error.path, path === "" ? "mcpServers.files" : `mcpServers.files.${path}`)
    assert.deepStrictEqual([error.found, error.allowed.join(", "), error.hint], [found, allowed, hint])
    assert.notInclude(error.message, variables.TOKEN)
    assert.notInclude(error.message, "\n")
  })

  it("names the file", () => {
    const error = failure(entry({ type: "htp" }), "mcp.json")
    assert.strictEqual(error.file, "mcp.json")
    assert.strictEqual(
      error.message,
      "bad configuration in mcp.json at mcpServers.files.type: found \"htp\"; allowed: stdio, sse, streamable-http"
    )
  })

  it.each([
    ["[]", "", "a list"],
    ["{\"a\": 1}", "", "only \"a\""],
    ["{\"servers\": []}", "servers", "a list"],
    ["{\"servers\": {\"a\\nb\": {\"command\": \"x\"}}}", "servers", "\"a\\nb\""]
  ])("refuses %s", (text, path, found) => {
    const error = failure(text)
    assert.deepStrictEqual([error.path, error.found], [path, found])
    assert.notInclude(error.message, "\n")
  })

  it("hints at a misspelt root", () => {
    assert.include(failure("{\"mcpservers\": {}}").hint ?? "", "\"mcpServers\"")
  })

  it("reads comments, trailing commas and a byte order mark", () => {
    const text = `\uFEFF// servers
      { "servers": { /* the only
        one */ "a": { "command": "x", "args": ["//no", "/* comment */", ], }, }, } // end`
    assert.deepStrictEqual<ReadonlyArray<unknown>>(servers(text), [
      { name: "a", transport: "stdio", command: "x", args: ["//no", "/* comment */"] }
    ])
  })

  it.each([
    ["", 1, 1, "the end of the file"],
    ["{\n  \"servers\" {} }", 2, 13, "\"{\""],
    ["{\r\n  \"servers\": {\r\n    \"a\": {} \"b\": {}\r\n  }\r\n}", 3, 13, "\"\\\"\""],
    ["{\"servers\": {}} }", 1, 17, "\"}\""],
    ["{\"servers\": {},, }", 1, 16, "\",\""],
    ["{\"servers\": {\"a\": {\"command\": \"s3cret\n\"}}}", 1, 38, "\"\\n\""],
    ["{\"servers\": {\"a\": {\"command\": \"C:\\dev\"}}}", 1, 34, "a backslash"],
    ["{\"servers\": {\"a\": {\"command\": s3cret}}}", 1, 31, "\"s\""],
    ["{\"servers\": {\"a\": {}, \"a\": {}}}", 1, 23, "\"a\" a second time"],
    ["[".repeat(100_000), 1, 102, "one more level"],
    ["{ /* \"servers\": {} }", 1, 3, "\"/\""]
  ])("says where %j is not JSON", (text, line, column, found) => {
    const error = failure(text)
    assert.deepStrictEqual([error.path, error.found], [`line ${line}, column ${column}`, found])
    assert.notInclude(error.message, "s3cret")
  })

  it.prop("reads JSON as JSON.parse does", { value: Schema.Json, text: Schema.String }, ({ text, value }) => {
    const args = [JSON.stringify(value), text].map((arg) => arg.replaceAll("${", () => "$${"))
    const config = servers(
      JSON.stringify({ ignored: value, servers: { a: { command: "x", args, more: value } } }, null, "\t")
    )
    assert.deepStrictEqual<unknown>(config, [{
      name: "a",
      transport: "stdio",
      command: "x",
      args: [JSON.stringify(value), text]
    }])
  })

  const read = (text: string, env: Record<string, string> = {}) => {
    const config = one({ command: "x", args: [text] }, env)
    return config?.transport === "stdio" ? config.args?.map(reveal)[0] : undefined
  }

  it.prop("leaves text without ${ as it is", { text: Schema.String }, ({ text }) => {
    if (!text.includes("${")) assert.strictEqual(read(text), text)
  })

  it.prop("gives escaped text back as it was", {
    parts: Schema.Array(Schema.Literals(["$", "{", "}", "${", "A", ":-", "\n"]))
  }, ({ parts }) => {
    const text = parts.join("")
    assert.strictEqual(read(text.replaceAll("${", () => "$${")), text)
  })

  it.prop("puts any value of a variable in its place", {
    value: Schema.String,
    before: Schema.String,
    after: Schema.String
  }, ({ after, before, value }) => {
    if (value === "" || before.includes("$") || after.includes("${")) return
    assert.strictEqual(read(`${before}\${VALUE}${after}`, { VALUE: value }), before + value + after)
    assert.strictEqual(read(`${before}\${env:VALUE}${after}`, { VALUE: value }), before + value + after)
  })
})
