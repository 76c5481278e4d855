/**
 * Configuration files as hosts write them: `{"mcpServers": {…}}` (Claude, Cursor and most others) or
 * `{"servers": {…}}` (VS Code), one entry a server, its key the name.
 *
 * ```ts
 * import * as ConfigFile from "@universal-mcp/core/ConfigFile"
 * import { ConfigProvider, Effect } from "effect"
 *
 * const file = `{
 *   "mcpServers": {
 *     "files": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "\${FOLDER:-.}"] },
 *     "docs": { "type": "http", "url": "https://example.com/mcp", "headers": { "Authorization": "Bearer \${TOKEN}" } }
 *   }
 * }`
 * const servers = ConfigFile.decode(file, { path: "mcp.json" }).pipe(
 *   Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ TOKEN: "secret" }))
 * )
 * Effect.runSync(servers).map((server) => `${server.name}: ${server.transport}`) // => ["files: stdio", "docs: streamable-http"]
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { interpolate } from "./internal/interpolate.ts"
import { isRecord } from "./internal/json.ts"
import * as jsonc from "./internal/jsonc.ts"
import * as names from "./internal/names.ts"
import { show, showKeys, showUrl } from "./internal/show.ts"
import * as trace from "./internal/trace.ts"
import { ConfigError } from "./McpError.ts"
import * as ServerConfig from "./ServerConfig.ts"

/**
 * Reads the text of a configuration file. `path` is the file's, for errors.
 *
 * - `type` stands for `transport`, and `http`, `streamableHttp` and `streamable_http` for `streamable-http`.
 *   `serverUrl` stands for `url`, `httpUrl` for the `url` of a `streamable-http` server.
 * - `command` without a transport is `stdio`; `url` without one is Streamable HTTP, then SSE.
 * - `command`, `args`, `cwd`, `env`, `url`, `headers` and `tls` interpolate `${VAR}`, `${env:VAR}` and `${VAR:-default}` from
 *   the `ConfigProvider`, which reads the environment unless told otherwise; an empty variable counts as not set.
 *   `$${` stands for `${`.
 * - Values of `env` and `headers`, the key of `tls`, and arguments with the value of a variable in them, are redacted. The
 *   value of each variable is in `secrets`, so that it is hidden wherever it was written; a default is in the file and
 *   is not. Numbers for durations are milliseconds.
 * - Paths in `tls` are relative to the file, if its `path` is given; `command` and `cwd` are relative to where the program
 *   runs. `~` is not expanded in any of them: write `${HOME}`.
 * - An entry with `"disabled": true` is left out; fields that are not ours are ignored. Comments and trailing commas
 *   are allowed.
 *
 * Fails with a `ConfigError` for the first thing that is wrong; it never repeats a secret.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (
  text: string,
  options?: { readonly path?: string | undefined }
): Effect.Effect<ReadonlyArray<ServerConfig.ServerConfig>, ConfigError> =>
  Effect.flatMap(
    decodeEach(text, options),
    (entries) => Effect.forEach(entries, ({ config }) => Effect.fromResult(config))
  ).pipe(
    trace.span("ConfigFile.decode")
  )

/**
 * One entry of a file: the configuration, or what is wrong with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodedEntry {
  readonly name: string
  readonly config: Result.Result<ServerConfig.ServerConfig, ConfigError>
}

/**
 * Like `decode`, but judges every entry by itself: for whoever goes on with those that are in order, or shows all that
 * is wrong. Fails with a `ConfigError` only if the document as a whole cannot be read.
 *
 * ```ts
 * import * as ConfigFile from "@universal-mcp/core/ConfigFile"
 * import { Effect, Result } from "effect"
 *
 * const entries = ConfigFile.decodeEach(`{ "mcpServers": { "files": { "command": "npx" }, "docs": {} } }`)
 * Effect.runSync(entries).map(({ name, config }) => `${name}: ${Result.isSuccess(config)}`) // => ["files: true", "docs: false"]
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decodeEach = (
  text: string,
  options?: { readonly path?: string | undefined }
): Effect.Effect<ReadonlyArray<DecodedEntry>, ConfigError> => {
  const named = (error: ConfigError) => options?.path === undefined ? error : amend(error, { file: options.path })
  return Effect.flatMap(
    Effect.mapError(entriesOf(text), named),
    Effect.forEach((entry) =>
      Effect.map(
        Effect.result(Effect.mapError(decodeEntry(entry, options?.path), named)),
        (config): DecodedEntry => ({ name: entry.name, config })
      )
    )
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Fields = Readonly<Record<string, unknown>>

interface Entry {
  readonly path: string
  readonly name: string
  readonly fields: Fields
}

/** The same error with more known of it. */
const amend = (
  { allowed, found, hint, path }: ConfigError,
  more: { readonly path?: string; readonly found?: string; readonly file?: string; readonly hint?: string }
): ConfigError => new ConfigError({ path, found, allowed, ...(hint === undefined ? {} : { hint }), ...more })

const roots = ["mcpServers", "servers"]

const entriesOf = Effect.fnUntraced(function*(text: string): Effect.fn.Return<ReadonlyArray<Entry>, ConfigError> {
  const parsed = jsonc.parse(text)
  if (Result.isFailure(parsed)) {
    const { allowed, column, found, line } = parsed.failure
    return yield* new ConfigError({ path: `line ${line}, column ${column}`, found, allowed: [allowed] })
  }
  const document = parsed.success
  if (!isRecord(document)) return yield* new ConfigError({ path: "", found: show(document), allowed: ["an object"] })
  const root = roots.find((key) => document[key] !== undefined)
  if (root === undefined) {
    return yield* new ConfigError({
      path: "",
      found: showKeys(document),
      allowed: roots.map((key) => `{"${key}": {…}}`),
      ...hintFor(document, roots)
    })
  }
  const servers = document[root]
  if (!isRecord(servers)) return yield* new ConfigError({ path: root, found: show(servers), allowed: ["an object"] })
  const entries: Array<Entry> = []
  for (const [name, fields] of Object.entries(servers)) {
    yield* Effect.mapError(ServerConfig.checkName(name), (error) => amend(error, { path: root }))
    const path = `${root}.${name}`
    if (!isRecord(fields)) return yield* new ConfigError({ path, found: show(fields), allowed: ["an object"] })
    if (fields["disabled"] !== true) entries.push({ path, name, fields })
  }
  return entries
})

const known = [
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
  "descendants",
  "maxMessageSize",
  "protocolVersion",
  "reconnect",
  "concurrency",
  "rateLimit",
  "questions",
  "circuitBreaker",
  "disabled"
]

/** Says which field may be misspelt: unknown ones are ignored, and so it shows only when something else is missing. */
const hintFor = (fields: Fields, expected: ReadonlyArray<string>): { readonly hint?: string } => {
  const unknown = Object.keys(fields).filter((key) => !known.includes(key))
  const misspelt = unknown.flatMap((key) => {
    const [closest] = names.closest(key, expected)
    return closest === undefined || fields[closest] !== undefined
      ? []
      : [`${JSON.stringify(key)} is not a field; did you mean "${closest}"?`]
  })
  return misspelt.length === 0 ? {} : { hint: misspelt.join(" ") }
}

const spellings: Readonly<Record<string, string>> = {
  http: "streamable-http",
  streamableHttp: "streamable-http",
  streamable_http: "streamable-http"
}

const transportOf = Effect.fnUntraced(
  function*({ fields, path }: Entry): Effect.fn.Return<string | undefined, ConfigError> {
    const field = fields["transport"] === undefined ? "type" : "transport"
    const written = fields[field]
    if (written !== undefined) {
      const transport = typeof written === "string" && Object.hasOwn(spellings, written) ? spellings[written] : written
      if (ServerConfig.transports.some((allowed) => allowed === transport)) return String(transport)
      const [closest] = typeof written === "string" ? names.closest(written, ServerConfig.transports) : []
      return yield* new ConfigError({
        path: `${path}.${field}`,
        found: show(written),
        allowed: [...ServerConfig.transports],
        ...(closest === undefined ? {} : { hint: `did you mean "${closest}"?` })
      })
    }
    const hasUrl = fields["url"] !== undefined || fields["serverUrl"] !== undefined
    const hasCommand = fields["command"] !== undefined
    if (fields["httpUrl"] !== undefined && !hasUrl && !hasCommand) return "streamable-http"
    if (hasCommand !== hasUrl) return hasCommand ? "stdio" : undefined
    return yield* hasCommand
      ? new ConfigError({
        path,
        found: "both \"command\" and \"url\"",
        allowed: ["one of them"],
        hint: `or say which is meant: "transport": ${
          ServerConfig.transports.map((allowed) => `"${allowed}"`).join(", ")
        }`
      })
      : new ConfigError({
        path,
        found: showKeys(fields),
        allowed: ["\"command\"", "\"url\""],
        ...hintFor(fields, known)
      })
  }
)

const decodeEntry = Effect.fnUntraced(
  function*(entry: Entry, file: string | undefined): Effect.fn.Return<ServerConfig.ServerConfig, ConfigError> {
    const { fields, name, path } = entry
    const transport = yield* transportOf(entry)
    const urlField = ["url", "serverUrl", "httpUrl"].find((key) => fields[key] !== undefined) ?? "url"
    const found = new Set<string>()
    const fill: Fill = (value, path) => fillIn(value, path, (value) => found.add(value))
    const filled = {
      ...(yield* values(fields, path, ["command", "cwd"], fill)),
      ...(yield* args(fields, path, (value) => found.add(value))),
      ...(yield* values({ url: fields[urlField] }, path, ["url"], fill)),
      ...(yield* secrets(fields, path, ["env", "headers"], fill)),
      ...(yield* tls(fields, path, file, fill))
    }
    const config = {
      name,
      ...(transport === undefined ? {} : { transport }),
      ...filled,
      ...(found.size === 0 ? {} : { secrets: [...found].map((value) => Redacted.make(value)) }),
      ...pick(fields, [
        "timeout",
        "requestTimeout",
        "sseReadTimeout",
        "cookies",
        "gracePeriod",
        "descendants",
        "maxMessageSize",
        "protocolVersion",
        "reconnect",
        "concurrency",
        "rateLimit",
        "circuitBreaker",
        "questions"
      ])
    }
    return yield* Effect.mapError(ServerConfig.decode(config, [path]), (error) => {
      const hint = error.hint === undefined ? hintFor(fields, known) : {}
      return error.path === `${path}.url`
        // The file's own text, because a variable in it may hold a secret.
        ? amend(error, { ...hint, path: `${path}.${urlField}`, found: showUrl(fields[urlField]) })
        : amend(error, hint)
    })
  }
)

const pick = (fields: Fields, keys: ReadonlyArray<string>): Record<string, unknown> =>
  Object.fromEntries(keys.flatMap((key) => fields[key] === undefined ? [] : [[key, fields[key]]]))

/** Interpolates the texts of a field. */
type Fill = (value: unknown, path: string) => Effect.Effect<unknown, ConfigError>

/** Whatever is not text is left for the schema to judge. */
const fillIn = (
  value: unknown,
  path: string,
  onValue: (value: string) => void
): Effect.Effect<unknown, ConfigError> => {
  if (typeof value === "string") return interpolate(value, path, onValue)
  return Array.isArray(value)
    ? Effect.forEach(value, (item, index) => fillIn(item, `${path}.${index}`, onValue))
    : Effect.succeed(value)
}

const values = Effect.fnUntraced(function*(fields: Fields, path: string, keys: ReadonlyArray<string>, fill: Fill) {
  const filled: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(pick(fields, keys))) filled[key] = yield* fill(value, `${path}.${key}`)
  return filled
})

/** An argument that comes from a variable may be a secret, as in `--api-key ${KEY}`. */
const args = Effect.fnUntraced(function*(fields: Fields, path: string, onValue: (value: string) => void) {
  const written = fields["args"]
  if (!Array.isArray(written)) return pick(fields, ["args"])
  const filled: Array<unknown> = []
  for (const [index, item] of written.entries()) {
    let isFromVariable = false
    const arg = yield* fillIn(item, `${path}.args.${index}`, (value) => {
      isFromVariable = true
      onValue(value)
    })
    filled.push(isFromVariable ? Redacted.make(arg) : arg)
  }
  return { args: filled }
})

const tls = Effect.fnUntraced(function*(fields: Fields, path: string, file: string | undefined, fill: Fill) {
  const written = fields["tls"]
  if (!isRecord(written)) return pick(fields, ["tls"])
  const found = Object.entries(yield* values(written, `${path}.tls`, ["ca", "cert", "key"], fill)).map(
    ([name, value]) => {
      const text = besideFile(value, file)
      return [name, name === "key" && typeof text === "string" ? Redacted.make(text) : text]
    }
  )
  return { tls: Object.fromEntries(found) }
})

/** A relative path in the file, as it is relative to the working directory. PEM text is no path. */
const besideFile = (value: unknown, file: string | undefined): unknown => {
  if (Array.isArray(value)) return value.map((one) => besideFile(one, file))
  if (typeof value !== "string" || file === undefined) return value
  const [folder = ""] = /^.*[\\/]/s.exec(file) ?? []
  const isElsewhere = value.trim() === "" || /-----BEGIN|^[\\/~]|^[A-Za-z]:/.test(value)
  return isElsewhere ? value : folder + value
}

const secrets = Effect.fnUntraced(function*(fields: Fields, path: string, keys: ReadonlyArray<string>, fill: Fill) {
  const filled: Record<string, unknown> = {}
  for (const [key, record] of Object.entries(pick(fields, keys))) {
    filled[key] = isRecord(record)
      ? Object.fromEntries(
        yield* Effect.forEach(
          Object.entries(record),
          ([name, value]) =>
            Effect.map(
              fill(value, `${path}.${key}.${name}`),
              (text) => [name, typeof text === "string" ? Redacted.make(text) : text]
            )
        )
      )
      : record
  }
  return filled
})
