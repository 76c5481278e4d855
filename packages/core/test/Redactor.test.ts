/** A secret is hidden in any text, in whichever form it is written there; other texts stay as they are. */
import { assert, describe, it } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Redacted from "effect/Redacted"

const secret = "p@ss/w?rd \"7\" = ü"

const hide = (text: string, config: ServerConfig.Secretive = { secrets: [Redacted.make(secret)] }): string =>
  ServerConfig.redactor(config)?.(text) ?? text

const base64 = (text: string): string => Buffer.from(text).toString("base64")

describe("redactor", () => {
  it.each([
    ["as it is", secret],
    ["in JSON", JSON.stringify({ a: secret }).slice(6, -2)],
    ["in a URL", encodeURIComponent(secret)],
    ["in a URL, with hexadecimal digits in lower case", encodeURIComponent(secret).toLowerCase()],
    ["in a form", new URLSearchParams({ a: secret }).toString().slice(2)],
    ["in Base64", base64(secret).replaceAll("=", "")],
    ["on one line", secret.replaceAll(" ", "\n  ")]
  ])("hides a secret %s", (_, form) => assert.strictEqual(hide(`a ${form} b`), "a <redacted> b"))

  it.each([
    ["the token of a header", { headers: { Authorization: "Bearer abc.def.ghi" } }, "got abc.def.ghi"],
    ["a header whose name tells nothing", { headers: { "X-K": "q1w2e3r4t5" } }, "got q1w2e3r4t5"],
    ["the password of Basic", { headers: { Authorization: `Basic ${base64("me:open-sesame")}` } }, "got open-sesame"],
    ["Basic of a URL", { url: "https://me:open%2Dsesame@h/" }, `got ${base64("me:open-sesame")}`],
    ["a cookie", { headers: { Cookie: "a=1; sid=q1w2e3r4" } }, "got q1w2e3r4"],
    ["the fragment of a URL", { url: "https://h/#q1w2e3r4" }, "got q1w2e3r4"],
    ["a parameter of a URL", { url: "https://h/?sig=q1w2e3" }, "got q1w2e3"],
    ["a variable of the environment", { env: { DB_PASSWORD: "q1w2" } }, "got q1w2"],
    ["a URL in the environment", { env: { DATABASE_URL: "postgres://me:q1w2e3@h/x" } }, "got q1w2e3"],
    ["a redacted argument", { args: [Redacted.make("q1w2e3")] }, "got q1w2e3"],
    ["what is behind a flag in a shell's command", { args: ["-c", "x --token q1w2e3 y"] }, "got q1w2e3"],
    ["the host of a URL", { url: "https://Tenant-7x.example/", secrets: ["Tenant-7x"] }, "got tenant-7x"],
    [
      "what a URL takes to pieces",
      { url: "https://h/first-part?second-part", secrets: ["first-part?second-part"] },
      "got second-part"
    ],
    [
      "a line of a key",
      { tls: { key: "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----" } },
      "got MIIEvQIBADAN"
    ]
  ])("knows %s", (_, config, text) => assert.match(hide(text, config), /^got <redacted>=*$/))

  it.each([
    ["too short", "abc", "abc"],
    ["a port", "8080", "port 8080"],
    ["a yes", "true", "it is true"],
    ["a short word within another", "prod", "product"],
    ["a short number within another", "123456", "91234567"]
  ])("leaves alone what is %s", (_, value, text) => assert.strictEqual(hide(text, { secrets: [value] }), text))

  it("leaves alone words, numbers, paths and addresses of the environment, unless their names tell of a secret", () => {
    const env = { NODE_ENV: "production", HOME: "/home/somebody", VERSION: "2025-11-25", URL: "https://example.com/x" }
    assert.isUndefined(ServerConfig.redactor({ env }))
    assert.isUndefined(ServerConfig.redactor({ headers: { Accept: "application/json; q=0.9", "X-Env": "production" } }))
    assert.isUndefined(ServerConfig.redactor({ args: ["-y", "server"], url: "https://example.com/mcp?v=2025-11-25" }))
  })

  it("hides the beginning of a secret at which a text was cut", () => {
    for (const end of ["", "…", "\"", "…\")"]) {
      assert.strictEqual(hide(`said q1w2e3r4t5${end}`, { secrets: ["q1w2e3r4t5y6u7"] }), `said <redacted>${end}`)
    }
  })

  it("cuts a text that is too long, and no secret shows where", () => {
    const long = hide(`${"x".repeat(64 * 1024 - 10)}q1w2e3r4t5y6u7`, { secrets: ["q1w2e3r4t5y6u7"] })
    assert.isAtMost(long.length, 64 * 1024 + 1)
    assert.isTrue(long.endsWith("x<redacted>…"))
  })

  it.each([
    ["one that is long", ["0123456789".repeat(3000)]],
    ["many", Array.from({ length: 3000 }, (_, index) => `secret-${index}-${"x".repeat(200)}`)]
  ])("hides %s", (_, secrets) => {
    const last = secrets.at(-1) ?? ""
    assert.strictEqual(
      hide(`said ${last}, and "${encodeURIComponent(last)}".`, { secrets }),
      "said <redacted>, and \"<redacted>\"."
    )
  })

  it("leaves an empty text empty", () => {
    assert.strictEqual(hide("", { secrets: ["0123456789".repeat(3000)] }), "")
  })

  it("is not misled by secrets that are parts of each other", () => {
    assert.strictEqual(
      hide("abcdefgh abcdefghijkl", { secrets: ["abcdefgh", "abcdefghijkl"] }),
      "<redacted> <redacted>"
    )
    assert.strictEqual(
      hide("redacted token-abcdef", { secrets: ["redacted", "token-abcdef"] }),
      "<redacted> <redacted>"
    )
  })
})
