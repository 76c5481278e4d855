/** `NO_PROXY`, in all the ways in which people write it. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as NoProxy from "@universal-mcp/transports/NoProxy"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { serve } from "./fixtures/httpServer.ts"
import { connect } from "./fixtures/httpSupport.ts"

const matches = (list: string, url: string) => NoProxy.matches(list, new URL(url))

describe("NO_PROXY", () => {
  const cases: ReadonlyArray<readonly [list: string, yes: ReadonlyArray<string>, no: ReadonlyArray<string>]> = [
    ["", [], ["http://example.com"]],
    [" , ,", [], ["http://example.com"]],
    ["*", ["http://example.com", "https://[::1]:8080", "http://10.0.0.1"], []],
    ["example.com", ["http://example.com", "https://a.b.EXAMPLE.com:1"], [
      "http://myexample.com",
      "http://example.com.org"
    ]],
    [".Example.Com", ["http://example.com", "https://a.example.com"], ["http://myexample.com"]],
    ["*.example.com", ["http://a.example.com", "http://a.b.example.com."], [
      "http://example.com",
      "http://example.org"
    ]],
    ["example.com.", ["http://example.com", "http://a.example.com"], ["http://example.org"]],
    ["example.com:8080", ["http://example.com:8080", "https://a.example.com:8080"], [
      "http://example.com",
      "http://example.com:80"
    ]],
    ["example.com:443", ["https://example.com"], ["http://example.com"]],
    ["*:80", ["http://example.com"], ["https://example.com"]],
    ["10.0.0.0/8", ["http://10.1.2.3", "http://10.255.0.1:99"], ["http://11.0.0.1", "http://10.example.com"]],
    ["10.0.0.0/8:8080", ["http://10.1.2.3:8080"], ["http://10.1.2.3"]],
    ["192.168.1.0/25", ["http://192.168.1.127"], ["http://192.168.1.128"]],
    ["172.16.0.0/12", ["http://172.31.255.255"], ["http://172.32.0.0"]],
    ["0.0.0.0/0", ["http://1.2.3.4"], ["http://example.com"]],
    ["10.0.0.0/33,10.0.0.0/x", [], ["http://10.0.0.1"]],
    ["fd00::/8", ["http://[fd12:3456::1]"], ["http://[fe80::1]", "http://10.0.0.1"]],
    ["[fd00::]/8", ["http://[fd12::1]:80"], ["http://[2001:db8::1]"]],
    ["2001:DB8::/32", ["http://[2001:db8:1::1]"], ["http://[2001:db9::1]"]],
    ["0:0:0:0:0:0:0:1", ["http://[::1]"], ["http://[::2]"]],
    ["[::1]:8080", ["http://[::1]:8080"], ["http://[::1]"]],
    ["127.0.0.0/8", ["http://127.0.0.1", "http://[::ffff:127.0.0.1]"], ["http://128.0.0.1"]],
    ["127.*", ["http://127.0.0.1", "http://127.1.2.3:8080"], ["http://128.0.0.1", "http://1127.0.0.1.com"]],
    ["192.168.*.*:80", ["http://192.168.0.1"], ["http://192.168.0.1:81"]],
    ["intern*.corp", ["http://internal.corp"], ["http://external.corp", "http://internalXcorp"]],
    ["127.0.0.1", ["http://127.0.0.1"], ["http://127.0.0.11", "http://1.127.0.0.1.com"]],
    ["localhost other,third", ["http://localhost", "http://other", "http://third"], ["http://fourth"]]
  ]

  for (const [list, yes, no] of cases) {
    it(JSON.stringify(list), () => {
      for (const url of yes) assert.isTrue(matches(list, url), url)
      for (const url of no) assert.isFalse(matches(list, url), url)
    })
  }

  const proxied = Effect.fnUntraced(function*(variables: Readonly<Record<string, string>>) {
    const server = yield* serve()
    yield* Effect.result(connect(server.url, { timeout: "2 seconds" })).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.fresh(NodeTransports.platform).pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({
          NODE_USE_ENV_PROXY: "1",
          ...variables
        }))))
      )
    )
    return server.seen("initialize").length === 0
  })

  it.live("decides which requests go to the proxy", () =>
    Effect.scoped(Effect.gen(function*() {
      const proxy = yield* serve({ "POST": ({ response }) => response.writeHead(502).end() })
      // Undici itself reads where the proxy is.
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const before = process.env["HTTP_PROXY"]
          process.env["HTTP_PROXY"] = proxy.origin
          return before
        }),
        (before) =>
          Effect.sync(() => {
            if (before === undefined) delete process.env["HTTP_PROXY"]
            else process.env["HTTP_PROXY"] = before
          })
      )
      assert.isTrue(yield* proxied({ NO_PROXY: "10.0.0.0/8" }))
      assert.isFalse(yield* proxied({ NO_PROXY: "127.0.0.0/8" }))
      assert.isFalse(yield* proxied({ NO_PROXY: "example.com", no_proxy: "127.*" }))
    })))
})
