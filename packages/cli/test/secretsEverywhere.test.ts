/** A secret of each place of a configuration, in each command, over servers that repeat all they get: none is shown. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { configured, umcp } from "./support.ts"

const tells = fileURLToPath(new URL("../../transports/test/fixtures/tellsSecrets.ts", import.meta.url))

/** From variables: plain, and with what URLs, JSON and shells write otherwise. */
const variables = {
  V_COMMAND: "q1w2-command",
  V_ARG: "q1w2 \"arg\" 'x'",
  V_CWD: "q1w2-cwd",
  V_ENV: "q1w2/env+==",
  V_USER: "q1w2-user",
  V_PATH: "q1w2%2Fpath",
  V_QUERY: "q1w2&query=1",
  V_FRAGMENT: "q1w2-fragment",
  V_HEADER: "q1w2.header",
  V_HOST: "q1w2-host"
}

/** Written as they are, behind names that tell. */
const literals = ["e3r4-flag", "e3r4-equals", "e3r4-word", "e3r4-bearer", "e3r4-password", "e3r4-fragment", "e3r4-key"]

/** Whatever encoding it is in, this much of it is left. */
const marks = /[^\s"]{0,20}(?:q1w2|e3r4|Q1W2)[^\s"]{0,20}/i

const base64 = [...Object.values(variables), ...literals, "me:e3r4-password"].map((text) =>
  Buffer.from(text).toString("base64").replaceAll("=", "")
)

/** An HTTP server that repeats all it gets, and collects what is exported to OpenTelemetry. */
const echoing = Effect.map(
  Effect.acquireRelease(
    Effect.callback<
      {
        readonly origin: string
        readonly exported: Array<string>
        readonly got: Array<string>
        readonly close: () => void
      }
    >((resume) => {
      const exported: Array<string> = []
      const got: Array<string> = []
      const listener = createServer((request, response) => {
        let body = ""
        request.on("data", (chunk) => body += chunk).on("end", () => {
          if (request.url?.startsWith("/v1/") === true) {
            exported.push(body)
            return response.end("{}")
          }
          const all = `${request.url} ${JSON.stringify(request.headers)} ${decodeURIComponent(request.url ?? "")}`
          got.push(all)
          response.writeHead(500, { "content-type": "text/plain" }).end(`cannot ${all}`)
        })
      })
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          listener.close()
          listener.closeAllConnections()
        }
        resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, exported, got, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ),
  ({ exported, got, origin }) => ({ exported, got, origin })
)

const servers = (origin: string) => ({
  gone: { command: "/nowhere/${V_COMMAND}", args: ["${V_ARG}"] },
  lost: { command: "no-such-${V_COMMAND}" },
  away: { command: process.execPath, cwd: "/nowhere/${V_CWD}" },
  flags: {
    command: process.execPath,
    args: [
      tells,
      "${V_ARG}",
      "--token",
      "e3r4-flag",
      "--api-key=e3r4-equals",
      "CLIENT_SECRET=e3r4-word",
      "--header",
      "Authorization: Bearer e3r4-bearer"
    ],
    env: { API_KEY: "${V_ENV}" }
  },
  dies: { command: process.execPath, args: [tells, "--die", "--stray", "${V_ARG}"], env: { API_KEY: "e3r4-key" } },
  remote: {
    type: "http",
    url: `${origin.replace("//", "//${V_USER}:e3r4-password@")}/a/\${V_PATH}?k=\${V_QUERY}#e3r4-fragment`,
    headers: { "X-Api-Key": "${V_HEADER}", "X-Session": "e3r4-key" }
  },
  either: { url: `${origin}/\${V_PATH}#\${V_FRAGMENT}`, headers: { Authorization: "Bearer ${V_HEADER}" } },
  nobody: { type: "sse", url: "http://${V_HOST}.invalid/?token=e3r4-key#${V_FRAGMENT}" },
  wrong: { type: "http", url: `${origin}/`, headers: { "X-Api-Key": "${V_HEADER}\u0001" } }
})

const assertNone = (text: string) => {
  assert.isNull(marks.exec(text), text)
  for (const form of base64) assert.notInclude(text, form)
}

const commands = [
  "config list",
  "config list --json",
  "servers",
  "servers --json",
  "list --trace",
  "list --json --trace",
  "doctor",
  "doctor --json",
  "doctor remote",
  "doctor dies",
  "call flags.any --trace",
  "call flags.any --json",
  "call dies.any --json",
  "call remote.any --json",
  "call gone.any --json",
  "resources --json",
  "prompts"
]

describe("no secret is shown", () => {
  for (const command of commands) {
    it.live(`by umcp ${command}`, () =>
      Effect.gen(function*() {
        const { exported, got, origin } = yield* echoing
        // One that is wrong ends what reads all of them.
        const { wrong, ...right } = servers(origin)
        const cwd = yield* configured(command.startsWith("doctor") ? { ...right, wrong } : right)
        const env = { ...variables, OTEL_EXPORTER_OTLP_ENDPOINT: origin }
        const { code, stderr, stdout } = yield* umcp(command.split(" "), { cwd, env })
        assert.isTrue(code !== null && code < 70, stderr)
        assert.include(stdout + stderr, "redacted")
        assertNone(stdout + stderr + exported.join("\n"))
        if (command.includes("remote")) {
          assert.include(got.join("\n"), variables.V_HEADER)
          assert.include(got.join("\n"), Buffer.from(`${variables.V_USER}:e3r4-password`).toString("base64"))
        }
      }).pipe(Effect.scoped))
  }

  it.live("of --stdio", () =>
    Effect.gen(function*() {
      const lines = [
        `'${process.execPath}' '${tells}' $V_ARG --token e3r4-flag`,
        `'${process.execPath}' '${tells}' --die --x=$V_ARG`,
        "/nowhere/$V_COMMAND x",
        "no-such-$V_COMMAND"
      ]
      for (const line of lines) {
        for (const command of ["servers", "servers --json", "doctor", "list --json --trace", "call any --json"]) {
          const { code, stderr, stdout } = yield* umcp([...command.split(" "), "--stdio", line], { env: variables })
          assert.isTrue(code !== null && code < 70, stderr)
          assertNone(stdout + stderr)
        }
      }
    }), 120_000)

  it.live("of --url and -H", () =>
    Effect.gen(function*() {
      const { got, origin } = yield* echoing
      const urls = [
        `${origin}/$V_PATH?k=$V_QUERY#$V_FRAGMENT`,
        "http://$V_HOST.invalid/",
        "$V_PATH",
        "ftp://$V_USER@h/"
      ]
      for (const url of urls) {
        for (const command of ["servers", "servers --json", "doctor", "call any --json --trace"]) {
          const words = [...command.split(" "), "--url", url, "-H", "Authorization: Bearer $V_HEADER"]
          const { code, stderr, stdout } = yield* umcp(words, { env: variables })
          assert.isTrue(code !== null && code < 70, stderr)
          assertNone(stdout + stderr)
        }
      }
      assert.include(got.join("\n"), variables.V_HEADER)
    }).pipe(Effect.scoped), 120_000)
})
