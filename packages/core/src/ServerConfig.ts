/**
 * How to reach one server, as data.
 *
 * ```ts
 * import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
 *
 * const servers: ReadonlyArray<ServerConfig.ServerConfig> = [
 *   { name: "files", transport: "stdio", command: "npx", args: ["-y", "@modelcontextprotocol/server-filesystem", "."] },
 *   { name: "docs", transport: "streamable-http", url: "https://example.com/mcp" },
 *   { name: "old", transport: "sse", url: "https://example.com/sse" },
 *   { name: "either", url: "https://example.com/mcp" } // Streamable HTTP, then SSE
 * ]
 * servers.map((server) => server.transport ?? "automatic") // => ["stdio", "streamable-http", "sse", "automatic"]
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as HttpHeaders from "./HttpHeaders.ts"
import * as hide from "./internal/hide.ts"
import * as redaction from "./internal/redact.ts"
import * as revisions from "./internal/revisions.ts"
import * as secret from "./internal/secret.ts"
import * as names from "./internal/secretNames.ts"
import * as secrets from "./internal/secrets.ts"
import { show, showKind, showUrl } from "./internal/show.ts"
import { ConfigError } from "./McpError.ts"
import { Tls } from "./Tls.ts"

/**
 * The transports a configuration can name.
 *
 * @category models
 * @since 0.1.0
 */
export const transports = ["stdio", "sse", "streamable-http"] as const

const nameRule = "a name of 1 to 128 letters, digits and _ @ . / : -"
const namePattern = /^[A-Za-z0-9_@][A-Za-z0-9_@./:-]{0,127}$/

/**
 * A server's name: 1 to 128 letters, digits and `_ @ . / : -`, beginning with a letter, a digit, `_` or `@`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ServerName = Schema.String.check(Schema.isPattern(namePattern, {
  expected: nameRule
}))

const DurationInput = Schema.declare(
  (input: unknown): input is Duration.Input => {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- it judges whatever it is given
    const duration = Duration.fromInput(input as Duration.Input)
    return Option.isSome(duration) && Duration.isGreaterThanOrEqualTo(duration.value, Duration.zero)
  },
  { expected: "a duration: milliseconds, or text such as \"5 seconds\"" }
)

const SecretRecord = Schema.Record(Schema.String, secret.Secret)

const HttpUrl = Schema.String.check(Schema.makeFilter((text) => {
  const url = URL.parse(text)
  return url !== null && (url.protocol === "http:" || url.protocol === "https:")
    ? undefined
    : "an http:// or https:// URL"
}, { expected: "an http:// or https:// URL" }))

/**
 * An era or a revision to bind a session to: `legacy` begins with `initialize`, `modern` with `server/discover`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ProtocolVersion = Schema.Literals(["legacy", "modern", ...revisions.modern, ...revisions.legacy])
/**
 * @category models
 * @since 0.1.0
 */
export type ProtocolVersion = typeof ProtocolVersion.Type

const Count = Schema.Int.check(Schema.isGreaterThan(0))

const False = Schema.Literal(false)

/**
 * How a lost connection is made again: at once, then after `delay` (default 250 ms), doubled with each attempt up to
 * `maxDelay` (default 30 s); given up after `attempts` in a row (default: never). `false`: not at all.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reconnect = Schema.Union([
  Schema.Struct({
    delay: Schema.optionalKey(DurationInput),
    maxDelay: Schema.optionalKey(DurationInput),
    attempts: Schema.optionalKey(Count)
  }),
  False
])

/**
 * No more than `limit` calls begin within any `window`; the others wait, within their own time.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RateLimit = Schema.Struct({ limit: Count, window: DurationInput })

/**
 * When so many calls in a row came to nothing (`failures`, default 10: no answer in time, or an HTTP status of 500 and
 * above), calls fail at once with the reason `Unavailable` for a while (`cooldown`, default 5 s); then one goes through,
 * and what becomes of it decides. `false`: never.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CircuitBreaker = Schema.Union([
  Schema.Struct({ failures: Schema.optionalKey(Count), cooldown: Schema.optionalKey(DurationInput) }),
  False
])

/**
 * How many questions a server may ask: sampling, elicitation and roots.
 *
 * - `open`: at a time, over all of its calls. Default 16 questions. One more is refused with the code -32000; those in a
 *   result of revision 2026-07-28 wait for their turn.
 * - `perCall`: in one call, retries and all rounds included. Default 100 questions. One more is refused with the code
 *   -32000, and in a result of revision 2026-07-28 fails the call. What is asked between calls counts for the last one.
 *
 * ```ts
 * import * as ServerConfig from "@universal-mcp/core/ServerConfig"
 * import { Effect } from "effect"
 *
 * const config = ServerConfig.decode({
 *   name: "curious",
 *   transport: "stdio",
 *   command: "node",
 *   args: [],
 *   questions: { open: 4, perCall: 20 }
 * })
 * Effect.runSync(config).questions // => { open: 4, perCall: 20 }
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const Questions = Schema.Struct({ open: Schema.optionalKey(Count), perCall: Schema.optionalKey(Count) })

const Limits = {
  /** How long connecting may take, handshake included. Default 60 s for stdio, 30 s for Streamable HTTP, 5 s for SSE. */
  timeout: Schema.optionalKey(DurationInput),
  /** How long a request may take unless the call says otherwise. Default 60 s. */
  requestTimeout: Schema.optionalKey(DurationInput),
  /** How a lost connection is made again. */
  reconnect: Schema.optionalKey(Reconnect),
  /** Calls in flight at once; the others wait, and tools and methods take turns. Default 64. */
  concurrency: Schema.optionalKey(Count),
  /** How many calls may begin within a time. Default: any number. */
  rateLimit: Schema.optionalKey(RateLimit),
  /** When calls are held back from a server that answers none. */
  circuitBreaker: Schema.optionalKey(CircuitBreaker),
  /** How many questions the server may ask. Default: 16 open, 100 per call. */
  questions: Schema.optionalKey(Questions)
}

const Common = {
  ...Limits,
  name: ServerName,
  /** Binds the session to an era or a revision. Default: the newest that the server speaks. */
  protocolVersion: Schema.optionalKey(ProtocolVersion),
  /** The longest message taken from the server, in bytes, after decompression. Default 32 MiB. */
  maxMessageSize: Schema.optionalKey(Count),
  /**
   * Texts that are hidden wherever this configuration, an error, a warning or a line of the server's standard error is
   * shown. A configuration file puts the values of its variables here. Default: none.
   */
  secrets: Schema.optionalKey(Schema.Array(secret.Secret))
}

/**
 * Which processes end with a server's own. Default: its process group; and on Linux, unless it left by itself with exit
 * code 0, everything that has inherited its mark in the environment, whatever session it is in.
 *
 * - `none`: the server's process alone. For a server whose opened browser shall stay. The server is then in the process
 *   group of this program, so that Ctrl-C at the terminal reaches both.
 * - `group`: its process group, however it ended.
 * - `all`: its process group and, on Linux, everything that bears its mark, however it ended: also a daemon that it
 *   started on purpose.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Descendants = Schema.Literals(["none", "group", "all"])
/**
 * Which processes end with a server's own: `none`, `group` or `all`; see the schema of the same name.
 *
 * When to use: as the type of a value that becomes the `descendants` of a `StdioServerConfig`.
 *
 * ```ts
 * import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
 *
 * const descendants: ServerConfig.Descendants = "none"
 * const browser: ServerConfig.StdioServerConfig = {
 *   name: "browser",
 *   transport: "stdio",
 *   command: "npx",
 *   args: ["-y", "@playwright/mcp"],
 *   descendants
 * }
 * browser.descendants // => "none"
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export type Descendants = typeof Descendants.Type

/**
 * A server that is a process: it speaks on its standard input and output.
 *
 * `gracePeriod` is how long the process has to leave after its input is closed, and again after SIGTERM; then it is
 * killed. Default 2 s.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StdioServerConfig = Schema.Struct({
  ...Common,
  transport: Schema.Literal("stdio"),
  command: Schema.String.check(Schema.isPattern(/\S/, { expected: "a command" })),
  args: Schema.optionalKey(Schema.Array(secret.Secret)),
  env: Schema.optionalKey(SecretRecord),
  cwd: Schema.optionalKey(Schema.String),
  gracePeriod: Schema.optionalKey(DurationInput),
  /** Which processes end with it. */
  descendants: Schema.optionalKey(Descendants)
})

const Http = {
  ...Common,
  url: HttpUrl,
  /**
   * Sent with every request. Names and values must be what HTTP can carry; a line break at the end of a value is left out.
   * One named `User-Agent` replaces ours, which is the name and version of `McpSession.ClientInfo`.
   */
  headers: Schema.optionalKey(SecretRecord),
  /**
   * How long an event stream may be silent before it counts as dead. Default 300 s. The stream of one request may by
   * default be silent for as long as the request may take; with this option, for the longer of the two times where the
   * call has a `timeout` of its own.
   */
  sseReadTimeout: Schema.optionalKey(DurationInput),
  /**
   * Whether cookies that the server sets are sent back to it, until the session connects again: load balancers keep a
   * session on one machine with them. A `Cookie` in `headers` turns it off too. Default `true`.
   */
  cookies: Schema.optionalKey(Schema.Boolean),
  /** Authorities and a client certificate for this server alone; needs the `HttpClient` of `NodeTransports`. */
  tls: Schema.optionalKey(Tls)
}

/**
 * A server behind HTTP+SSE, the transport of revision 2024-11-05.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SseServerConfig = Schema.Struct({
  ...Http,
  /** The transport ended with the legacy era. */
  protocolVersion: Schema.optionalKey(Schema.Literals(["legacy", ...revisions.legacy])),
  transport: Schema.Literal("sse")
})

/**
 * A server behind Streamable HTTP.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StreamableHttpServerConfig = Schema.Struct({ ...Http, transport: Schema.Literal("streamable-http") })

/**
 * A URL alone: Streamable HTTP is tried first, then HTTP+SSE.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AutoServerConfig = Schema.Struct({ ...Http, transport: Schema.optionalKey(Schema.Undefined) })

/**
 * @category models
 * @since 0.1.0
 */
export type StdioServerConfig = typeof StdioServerConfig.Type
/**
 * @category models
 * @since 0.1.0
 */
export type SseServerConfig = typeof SseServerConfig.Type
/**
 * @category models
 * @since 0.1.0
 */
export type StreamableHttpServerConfig = typeof StreamableHttpServerConfig.Type
/**
 * @category models
 * @since 0.1.0
 */
export type AutoServerConfig = typeof AutoServerConfig.Type

/**
 * How to reach one server.
 *
 * @category models
 * @since 0.1.0
 */
export type ServerConfig = StdioServerConfig | SseServerConfig | StreamableHttpServerConfig | AutoServerConfig

const schemaOf = (transport: unknown) => {
  switch (transport) {
    case "stdio":
      return StdioServerConfig
    case "sse":
      return SseServerConfig
    case "streamable-http":
      return StreamableHttpServerConfig
    case undefined:
      return AutoServerConfig
    default:
      return undefined
  }
}

/** A value in an error; those of fields that may hold secrets are not repeated. */
const showField = (field: unknown, value: unknown): string => {
  if (field === "env" || field === "headers" || field === "args" || field === "tls" || field === "secrets") {
    return showKind(value)
  }
  return field === "url" ? showUrl(value) : show(value)
}

const words: Readonly<Record<string, string>> = {
  "Missing key": "a value",
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  "object | false": "an object or false",
  Redacted: "a string",
  string: "a string"
}

/** What the schema's message says is expected, without what it found, which may be secret. */
const allowedIn = (message: string): string => {
  const expected = message.replace(/^Expected /, "").replace(/, got .*$/s, "")
  return words[expected] ?? expected
}

/**
 * Checks data that claims to be a server's configuration, field by field. `path` is where it stands in its document,
 * for the error.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (input: unknown, path: ReadonlyArray<string> = []): Effect.Effect<ServerConfig, ConfigError> =>
  Effect.suspend(() => {
    const at = (keys: ReadonlyArray<PropertyKey>) => [...path, ...keys.map(String)].join(".")
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      return Effect.fail(new ConfigError({ path: at([]), found: show(input), allowed: ["an object"] }))
    }
    const transport = "transport" in input ? input.transport : undefined
    const schema = schemaOf(transport)
    if (schema === undefined) {
      return Effect.fail(new ConfigError({ path: at(["transport"]), found: show(transport), allowed: [...transports] }))
    }
    const config: Effect.Effect<ServerConfig, Schema.SchemaError> = Schema.decodeUnknownEffect(
      Schema.toType<Schema.Codec<ServerConfig, unknown>>(schema)
    )(input)
    return Effect.mapError(config, (error) => firstIssue(error, input, at)).pipe(
      Effect.tap((decoded) =>
        decoded.transport === "stdio" ? Effect.void : HttpHeaders.check(decoded.headers, [...path, "headers"])
      )
    )
  })

const firstIssue = (
  error: Schema.SchemaError,
  input: unknown,
  at: (keys: ReadonlyArray<PropertyKey>) => string
): ConfigError => {
  const first = SchemaIssue.makeFormatterStandardSchemaV1()(error.issue).issues[0]
  const keys = (first?.path ?? []).map((key) => typeof key === "object" ? key.key : key)
  const found = keys.reduce<unknown>((value, key) => Reflect.get(Object(value), key), input)
  return new ConfigError({
    path: at(keys),
    found: showField(keys[0], found),
    allowed: [allowedIn(first?.message ?? "")]
  })
}

const LimitsOnly = Schema.toType(Schema.Struct(Limits))

/**
 * Checks the times and numbers that every session has, wherever they come from: types do not tell `"soon"` from
 * `"1 second"`, nor 0 from 1.
 *
 * @category decoding
 * @since 0.1.0
 */
export const checkLimits = (options: object): Effect.Effect<void, ConfigError> => {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return Schema.decodeUnknownEffect(LimitsOnly)(given).pipe(
    Effect.mapError((error) => firstIssue(error, given, (keys) => keys.map(String).join("."))),
    Effect.asVoid
  )
}

/**
 * Checks a server's name.
 *
 * @category decoding
 * @since 0.1.0
 */
export const checkName = (name: string): Effect.Effect<void, ConfigError> =>
  namePattern.test(name) ? Effect.void : Effect.fail(
    new ConfigError({ path: "name", found: show(name), allowed: [nameRule] })
  )

/**
 * The same configuration with what may be secret hidden, for showing and logging: what stands in `secrets`, wherever it
 * was written; redacted arguments, those behind flags such as `--token`, and the password of `-u user:password`; every
 * value of `env` and `headers`; user, password, query and fragment of the URL; the key of `tls`, and each PEM text there
 * with a private key in it.
 *
 * When to use: for every configuration that a person or a log sees. For texts about a server use `redactor`.
 *
 * @category secrets
 * @since 0.1.0
 */
export const hideSecrets: (config: ServerConfig) => ServerConfig = hide.hideSecrets

/**
 * Whether the value of a variable is no secret because of its name: `HOME`, `USER`, `PATH`, `LANG`, `PORT`, `NODE_ENV` and
 * the like, which say where and how a program runs.
 *
 * When to use: where you fill in variables yourself, to decide what goes into `secrets`.
 *
 * ```ts
 * import * as ServerConfig from "@universal-mcp/core/ServerConfig"
 *
 * ServerConfig.isPlainVariable("HOME") // => true
 * ServerConfig.isPlainVariable("GITHUB_TOKEN") // => false
 * ```
 *
 * @category secrets
 * @since 0.1.0
 */
export const isPlainVariable: (name: string) => boolean = names.isPlainVariable

/**
 * A function that hides the secrets of a configuration in any text, also where they are written as a URL, JSON or Base64
 * writes them; nothing if the configuration has none. The sessions of our transports use it for their errors and warnings.
 *
 * Secrets are the values of variables in a file (but not of those for which `isPlainVariable`), redacted arguments, what stands behind names such as `--token`,
 * `API_KEY=` and `Authorization:`, the password of `-u user:password`, and credentials in URLs. One of fewer than 4
 * characters, a number of up to 5 digits, and `true`, `false`, `null` and `none` are not looked for; one of fewer than 8 is
 * hidden only where it stands by itself.
 *
 * When to use: for a text of your own about a server, and as the `redact` of `McpSession.make`.
 *
 * ```ts
 * import * as ServerConfig from "@universal-mcp/core/ServerConfig"
 *
 * const redact = ServerConfig.redactor({ args: ["--token", "s3cret-token"] })
 * redact?.("invalid token s3cret-token") // => "invalid token <redacted>"
 * ```
 *
 * @category secrets
 * @since 0.1.0
 */
export const redactor = (config: Secretive): ((text: string) => string) | undefined =>
  redaction.redactor(secrets.of(config))

/**
 * The parts of a configuration that may have a secret in them.
 *
 * When to use: as the type of options of your own transport that you give to `redactor`.
 *
 * @category models
 * @since 0.1.0
 */
export type Secretive = secrets.Secretive

/**
 * The text of a value that may be redacted.
 *
 * @category secrets
 * @since 0.1.0
 */
export const reveal: (value: string | Redacted.Redacted<string>) => string = secret.reveal
