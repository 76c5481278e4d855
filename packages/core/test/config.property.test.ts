/** Configuration: what was written is what is read, and whatever else it says is a `ConfigError` that tells where. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { Arbitrary, ConfigProvider, Effect, Redacted, Result, Schema } from "effect"

const withVariables = Effect.provideService(
  ConfigProvider.ConfigProvider,
  ConfigProvider.fromUnknown({ TOKEN: "the-secret" })
)
const decode = (text: string) => withVariables(ConfigFile.decode(text, { path: "mcp.json" }))

const { optionalKey } = Schema
const Awkward = Schema.Literals(["__proto__", "constructor", "toString", "", "$", "${", "$${", "${A}", "😀", "\uD800"])
const Text = Schema.Union([Schema.String, Awkward])
const Time = Schema.Literals([0, 250, 0.5, "5 seconds", "1 minute", "Infinity"])
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1e9 }))
const False = Schema.Literal(false)
const Texts = Schema.Record(Text, Text)
/** What HTTP can carry. */
const Headers = Schema.Record(
  Schema.Literals(["Authorization", "X-Key", "__proto__", "constructor", "toString", "$", "x!#%&'*+.^_`|~"]),
  Schema.Literals(["", "$", "${", "$${", "${A}", "Bearer abc", "\u00e9\u00ff", "a\tb"])
)
const Command = Schema.Literals(["npx", "/bin/server", "a b", " x ", "${HOME}"])
const Url = Schema.Literals(["https://example.com/mcp", "http://[::1]:8080/a?b=${C}#d", "https://u:p@example.com"])

const Common = {
  timeout: optionalKey(Time),
  requestTimeout: optionalKey(Time),
  maxMessageSize: optionalKey(Count),
  reconnect: optionalKey(
    Schema.Union([
      Schema.Struct({ delay: optionalKey(Time), maxDelay: optionalKey(Time), attempts: optionalKey(Count) }),
      False
    ])
  ),
  concurrency: optionalKey(Count),
  rateLimit: optionalKey(Schema.Struct({ limit: Count, window: Time })),
  circuitBreaker: optionalKey(
    Schema.Union([Schema.Struct({ failures: optionalKey(Count), cooldown: optionalKey(Time) }), False])
  )
}
const Http = {
  ...Common,
  url: Url,
  headers: optionalKey(Headers),
  cookies: optionalKey(Schema.Boolean),
  sseReadTimeout: optionalKey(Time)
}
const Version = optionalKey(Schema.Literals(["legacy", "modern", "2025-06-18", "2026-07-28"]))
const Body = Schema.Union([
  Schema.Struct({
    ...Common,
    transport: Schema.Literal("stdio"),
    protocolVersion: Version,
    command: Command,
    args: optionalKey(Schema.Array(Text)),
    env: optionalKey(Texts),
    cwd: optionalKey(Text),
    gracePeriod: optionalKey(Time)
  }),
  Schema.Struct({ ...Http, transport: Schema.Literal("sse"), protocolVersion: optionalKey(Schema.Literal("legacy")) }),
  Schema.Struct({ ...Http, transport: Schema.Literal("streamable-http"), protocolVersion: Version }),
  Schema.Struct({ ...Http, protocolVersion: Version })
])
const Name = Arbitrary.map(
  Arbitrary.schema(Schema.Array(Schema.Literals([..."aZ09_@./:-"]))),
  (letters) => `s${letters.join("")}`.slice(0, 128)
)
const Names = Arbitrary.map(
  Arbitrary.array(Name),
  (names) => [...new Set([...names, "__proto__", "7", "constructor"])]
)

/** A value as it reads, secrets and all. */
const revealed = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return Redacted.value(value)
  if (Array.isArray(value)) return value.map(revealed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, revealed(field)]))
}

/** A configuration as a file has it: in text, `${` begins a variable. */
const written = (value: unknown): unknown => {
  if (typeof value === "string") return value.replaceAll("${", () => "$${")
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, written(field)]))
}

const spelled: Readonly<Record<string, ReadonlyArray<string>>> = {
  stdio: ["stdio"],
  sse: ["sse"],
  "streamable-http": ["streamable-http", "http", "streamableHttp", "streamable_http"]
}

const byName = (configs: ReadonlyArray<{ readonly name: string }>) =>
  new Map(configs.map((config) => [config.name, revealed(config)]))

describe("ServerConfig.decode", () => {
  it.effect.prop(
    "what is in order is as it was, redacted or not",
    { body: Body, name: Name, redact: Schema.Boolean },
    ({ body, name, redact }) =>
      Effect.gen(function*() {
        const hide = (text: string) => redact ? Redacted.make(text) : text
        const all = (record: Readonly<Record<string, string>>) =>
          Object.fromEntries(Object.entries(record).map(([key, text]) => [key, hide(text)]))
        const config = {
          name,
          ...body,
          ...("args" in body && body.args !== undefined ? { args: body.args.map(hide) } : {}),
          ...("env" in body && body.env !== undefined ? { env: all(body.env) } : {}),
          ...("headers" in body && body.headers !== undefined ? { headers: all(body.headers) } : {})
        }
        assert.deepStrictEqual(revealed(yield* ServerConfig.decode(config)), revealed(config))
      })
  )

  it.effect.prop(
    "anything is a configuration or a ConfigError",
    { input: Schema.Unknown },
    ({ input }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ServerConfig.decode(input, ["here"]))
        assert.strictEqual(error._tag, "ConfigError")
        assert.match(error.path, /^here/)
      })
  )
})

describe("ConfigFile.decode", () => {
  it.effect.prop(
    "what was written is what is read",
    {
      bodies: Schema.Array(Body),
      names: Names,
      root: Schema.Literals(["mcpServers", "servers"]),
      turn: Schema.Natural
    },
    ({ bodies, names, root, turn }) =>
      Effect.gen(function*() {
        const configs = bodies.slice(0, names.length).map((body, index) => ({ name: names[index] ?? "", ...body }))
        const entries = configs.map(({ name, ...body }, index) => {
          if (!("transport" in body)) return [name, written(body)]
          const { transport, ...fields } = body
          const ways = spelled[transport] ?? []
          const field = (turn + index) % 2 === 0 ? "transport" : "type"
          return [name, { [field]: ways[(turn + index) % ways.length], ...Object(written(fields)) }]
        })
        const read = yield* decode(JSON.stringify({ [root]: Object.fromEntries(entries) }, null, turn % 3))
        assert.deepStrictEqual(byName(read), byName(configs))
      })
  )

  it.effect.prop(
    "any JSON is configurations or a ConfigError",
    { document: Schema.Json },
    ({ document }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(decode(JSON.stringify(document)))
        assert.deepInclude(error, { _tag: "ConfigError", file: "mcp.json" })
      })
  )

  /** What `String` throws at. */
  const NoText = Schema.Struct({ toString: Schema.Literal(false) })
  const Field = Schema.Union([
    NoText,
    Schema.Array(NoText),
    Schema.Record(Text, NoText),
    Schema.Json,
    Schema.Literals([
      "stdio",
      "http",
      "sse",
      "https://example.com",
      "legacy",
      "5 seconds",
      "${TOKEN}",
      "${NONE}",
      "${",
      false,
      3
    ])
  ])
  const Entry = Schema.Record(
    Schema.Literals([
      "transport",
      "type",
      "command",
      "args",
      "env",
      "cwd",
      "url",
      "serverUrl",
      "httpUrl",
      "headers",
      "timeout",
      "requestTimeout",
      "sseReadTimeout",
      "cookies",
      "tls",
      "gracePeriod",
      "maxMessageSize",
      "protocolVersion",
      "reconnect",
      "concurrency",
      "rateLimit",
      "circuitBreaker",
      "disabled"
    ]),
    optionalKey(Field)
  )

  it.effect.prop(
    "an entry of anything is a configuration, or a ConfigError that names it",
    { entry: Entry },
    ({ entry }) =>
      Effect.gen(function*() {
        const outcome = yield* Effect.result(decode(JSON.stringify({ mcpServers: { broken: entry } })))
        if (Result.isSuccess(outcome)) return
        assert.strictEqual(outcome.failure._tag, "ConfigError")
        assert.match(outcome.failure.path, /^mcpServers\.broken/)
      })
  )

  const secret = "the-secret"
  const Hidden = Schema.Literals([
    JSON.stringify({ env: { A: secret } }),
    JSON.stringify({ env: [secret] }),
    JSON.stringify({ env: secret }),
    JSON.stringify({ env: { A: [secret] } }),
    JSON.stringify({ env: { A: { b: secret } } }),
    JSON.stringify({ headers: { Authorization: secret } }),
    JSON.stringify({ headers: { Authorization: [secret] } }),
    JSON.stringify({ headers: { Authorization: "${NONE:-the-secret" } }),
    JSON.stringify({ headers: { "X-Key": `${secret} \u0416` } }),
    JSON.stringify({ headers: { [`Authorization: ${secret}`]: "" } }),
    JSON.stringify({ tls: { key: [secret] } }),
    JSON.stringify({ tls: secret }),
    JSON.stringify({ args: ["--token", "${TOKEN}", 7] }),
    JSON.stringify({ args: [[secret]] }),
    JSON.stringify({ args: { token: secret } }),
    JSON.stringify({ url: `ftp://user:${secret}@example.com` }),
    JSON.stringify({ url: `https://exa mple.com?token=${secret}` }),
    JSON.stringify({ url: "${TOKEN}" }),
    JSON.stringify({ command: "x", cwd: 7, env: { A: "${TOKEN}" } })
  ])

  it.effect.prop(
    "no error repeats a secret: of a wrong entry, of a document cut short, of one with a stray character",
    { entry: Entry, hidden: Hidden, at: Schema.Natural, stray: Schema.Literals(["", "\"", "}", "\n", "\\", "x"]) },
    ({ at, entry, hidden, stray }) =>
      Effect.gen(function*() {
        const text = JSON.stringify({ mcpServers: { broken: { ...entry, ...JSON.parse(hidden) } } })
        const place = at % text.length
        for (const document of [text, text.slice(0, place), text.slice(0, place) + stray + text.slice(place)]) {
          const outcome = yield* Effect.result(decode(document))
          if (Result.isFailure(outcome)) {
            assert.notInclude(`${outcome.failure.message} ${JSON.stringify(outcome.failure)}`, secret)
          }
        }
      })
  )
})
