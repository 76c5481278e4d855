/** Which pages a server may put before a person, whichever way it asks; and where they lead. */
import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ask, inputRequired } from "./fixtures/asking.ts"
import { answering, type Elicit } from "./fixtures/person.ts"
import { connect, modern, text } from "./fixtures/wire.ts"

const refused = [
  "JavaScript:alert(1)",
  "java\nscript:alert(1)",
  "\thttps://evil.example/",
  "blob:https://ok.example/1",
  "about:blank",
  "intent://scan/#Intent;scheme=zxing;end",
  "ftp://files.example/",
  "wss://ok.example/",
  "view-source:https://ok.example/",
  "http://ok.example/",
  "http://192.168.0.1/",
  "http://127.evil.example/",
  "http://localhost.evil.example/",
  "http://evillocalhost/",
  "http://[::2]/",
  "http://[::ffff:128.0.0.1]/",
  "https://bank.example@evil.example/",
  "https://user:pw@ok.example/",
  "https://bank.example\\@evil.example/",
  "https://ok.example/\u202egpj.exe",
  "https://ok\u200b.example/",
  "https:///",
  `https://ok.example/${"a".repeat(9000)}`,
  `https://ok.example/${"ü".repeat(2000)}`,
  "no url",
  ["https://ok.example/"],
  undefined
]

const shown: ReadonlyArray<readonly [string, string]> = [
  ["https://Example.ORG:443", "https://example.org/"],
  ["https://b\u00fccher.example/a b", "https://xn--bcher-kva.example/a%20b"],
  ["http://0x7f.1:8080/x", "http://127.0.0.1:8080/x"],
  ["http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000/"],
  ["http://app.localhost/", "http://app.localhost/"],
  ["http://localhost.:8080/", "http://localhost.:8080/"],
  ["http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"],
  ["HTTPS:ok.example", "https://ok.example/"]
]

/** Accepts, and keeps the URL of each page. */
const visitor = () => {
  const urls: Array<string> = []
  const elicit: Elicit = (request) =>
    Effect.sync(() => {
      if (request._tag === "Url") urls.push(request.url)
      return { action: "accept" as const }
    })
  return { urls, elicit }
}

describe("a page that a server asks a person to open", () => {
  it.effect.each(refused.map((url) => [url]))(
    "is refused before a handler sees it, with a warning: %j",
    ([url]) =>
      Effect.gen(function*() {
        const { elicit, urls } = visitor()
        const { session, wire } = yield* answering(elicit)(connect())
        const answer = yield* ask(wire, "elicitation/create", {
          mode: "url",
          message: "Sign in",
          url,
          elicitationId: "1"
        })
        assert.strictEqual(answer.error?.code, -32602)
        assert.match(answer.error?.message ?? "", /^the elicitation request is not valid: its url /)
        assert.deepStrictEqual(urls, [])
        const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
        assert.match(warning?.description ?? "", /^the question "Sign in" was refused, because its url /)
      })
  )

  it.effect.each(shown)("is shown as a browser reads it: %s", ([url, href]) =>
    Effect.gen(function*() {
      const { elicit, urls } = visitor()
      const { wire } = yield* answering(elicit)(connect())
      yield* ask(wire, "elicitation/create", { mode: "url", message: "Sign in", url, elicitationId: "1" })
      assert.deepStrictEqual(urls, [href])
    }))

  it.effect.each(["data:text/html,x", "http://evil.example/", "vbscript:x"])(
    "is refused too where a call is refused for it (-32042), and the call is not sent again: %s",
    (url) =>
      Effect.gen(function*() {
        const { elicit, urls } = visitor()
        const elicitations = [{ mode: "url", message: "Sign in", url, elicitationId: "1" }]
        const { session, wire } = yield* answering(elicit)(connect({
          "tools/list": (request, to) =>
            to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] }),
          "tools/call": (request, to) => to.refuse(request, -32042, "URL elicitation required", { elicitations })
        }))
        const error = yield* Effect.flip(session.callTool("a"))
        assert.include(error.message, "URL elicitation required")
        assert.deepStrictEqual(urls, [])
        assert.lengthOf(wire.all("tools/call"), 1)
      })
  )

  it.effect.each(["data:text/html,x", "http://evil.example/", "vbscript:x"])(
    "is refused too as input that a result requires: %s",
    (url) =>
      Effect.gen(function*() {
        const { elicit, urls } = visitor()
        const page = { method: "elicitation/create", params: { mode: "url", message: "Sign in", url } }
        const { session } = yield* answering(elicit)(connect({
          ...modern,
          "tools/list": (request, to) =>
            to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] }),
          "tools/call": (request, to) =>
            to.answer(request, to.all("tools/call").length === 1 ? inputRequired({ page }) : text("done"))
        }))
        const error = yield* Effect.flip(session.callTool("a"))
        assert.include(error.message, "its url is neither https nor")
        assert.deepStrictEqual(urls, [])
      })
  )
})

describe("urlHost", () => {
  it.each([
    ["https://ok.example/", { name: "ok.example", isInternational: false, network: "public" }],
    ["https://\u0430pple.example:8443/", {
      name: "xn--pple-43d.example:8443",
      isInternational: true,
      network: "public"
    }],
    ["http://127.8.9.1:1/", { name: "127.8.9.1:1", isInternational: false, network: "loopback" }],
    ["https://172.20.0.1/", { name: "172.20.0.1", isInternational: false, network: "private" }],
    ["https://172.32.0.1/", { name: "172.32.0.1", isInternational: false, network: "public" }],
    ["https://[fe80::1]/", { name: "[fe80::1]", isInternational: false, network: "private" }],
    ["https://[2001:db8::1]/", { name: "[2001:db8::1]", isInternational: false, network: "public" }],
    ["https://intranet/", { name: "intranet", isInternational: false, network: "private" }],
    ["https://printer.local/", { name: "printer.local", isInternational: false, network: "private" }],
    ["mailto:a@b.example", undefined],
    ["no url", undefined]
  ])("%s", (url, host) => {
    assert.deepStrictEqual<unknown>(Elicitation.urlHost(url), host)
  })
})
