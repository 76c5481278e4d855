/** Whatever a variable holds, and wherever it is written, nothing that may be shown says it. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import { CallError, ConnectionError, Rejected } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { Arbitrary, ConfigProvider, Effect, Result, Schema } from "effect"
import * as redactErrors from "../src/internal/redactErrors.ts"

/** Of 8 characters at least, and unlike all other texts of a configuration. */
const Secret = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Union([
    Schema.String,
    Schema.Literals([
      "/",
      "?",
      "#",
      "@",
      ":",
      "&",
      "=",
      "%",
      "%2F",
      "\\",
      "\"",
      "'",
      " ",
      "\n",
      "..",
      "ü",
      "😀",
      "$&",
      "${A}"
    ])
  ]))),
  (words) => `Zq${words.join("")}xK7w9v`.replaceAll("\0", "0")
)

const entries: ReadonlyArray<Readonly<Record<string, unknown>>> = [
  { command: "/bin/${S}" },
  { command: "${S}", args: ["a", "${S}", "--x=${S}", "b${S}c"] },
  { command: "x", cwd: "/home/${S}/y", env: { A: "${S}", KEY: "b${S}" } },
  { url: "https://example.com/a/${S}/b" },
  { url: "https://example.com/?v=${S}&${S}=w" },
  { url: "https://example.com/#${S}", headers: { "X-A": "b" } },
  { url: "https://me:${S}@example.com/" },
  { url: "https://${S}@example.com/" },
  { url: "https://${S}.example.com/" },
  { url: "${S}" },
  { type: "sse", url: "https://example.com/", tls: { ca: "${S}", cert: "a${S}", key: "${S}" } }
]

const decode = (entry: unknown, secret: string) =>
  ConfigFile.decode(JSON.stringify({ mcpServers: { one: entry } }), { path: "mcp.json" }).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ S: secret })),
    Effect.result
  )

/** As it is, and as JSON and URLs write it. */
const forms = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  ...Result.match(Result.try(() => encodeURIComponent(secret)), { onFailure: () => [], onSuccess: (form) => [form] })
]

const assertHidden = (text: string, secret: string) => {
  for (const form of forms(secret)) assert.notInclude(text, form)
}

describe("the value of a variable", () => {
  it.effect.prop(
    "is not in the configuration that is shown, nor in the error of one that is wrong",
    { secret: Secret },
    ({ secret }) =>
      Effect.gen(function*() {
        for (const entry of entries) {
          const decoded = yield* decode(entry, secret)
          const shown = Result.match(decoded, {
            onFailure: (error) => [error.message, JSON.stringify(error)],
            onSuccess: ([config]) => config === undefined ? [] : [JSON.stringify(ServerConfig.hideSecrets(config))]
          })
          for (const text of shown) {
            assertHidden(text, secret)
            assert.notInclude(text, "xK7w9v")
          }
        }
      })
  )

  it.effect.prop(
    "is in no error of the server, in whichever form the server says it",
    { secret: Secret },
    ({ secret }) =>
      Effect.gen(function*() {
        const decoded = yield* decode({ command: "x", env: { A: "${S}" } }, secret)
        const [config] = Result.getOrThrow(decoded)
        const redact = config === undefined ? undefined : ServerConfig.redactor(config)
        if (redact === undefined) return assert.fail("there is nothing to hide")
        for (const form of forms(secret)) {
          const said = `it said: ${form}!`
          const connection = redactErrors.connectionError(
            new ConnectionError({
              server: "one",
              transport: "stdio",
              phase: "spawn",
              description: said,
              stderr: [said],
              hint: said,
              wwwAuthenticate: said,
              cause: new Error(said, { cause: new Error(said) })
            }),
            redact
          )
          const reason = new Rejected({ code: 1, description: said, data: { [said]: [{ deep: said }] } })
          const call = redactErrors.callError(
            new CallError({ server: "one", method: "tools/call", delivery: "answered", reason, hint: said }),
            redact
          )
          for (const error of [connection, call]) {
            assertHidden(error.message + JSON.stringify(error) + String(error.cause), secret)
            assert.include(JSON.stringify(error), "it said: <redacted>!")
          }
        }
      })
  )
})
