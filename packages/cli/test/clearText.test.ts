/** Credentials in clear text are warned about also where the server refuses them, and by the doctor. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createServer } from "node:http"
import { umcp } from "./support.ts"

/** Refuses every request. Its address is no loopback address by its text, and leads to this machine all the same. */
const refusing = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
    const listener = createServer((_, response) => response.writeHead(401).end("no"))
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ url: `http://0.0.0.0:${port}/mcp`, close: () => listener.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

const secret = "q1w2e3r4t5y6"

describe("credentials in clear text", () => {
  it.live.each<readonly [command: string, path: string, flags: ReadonlyArray<string>, named: string]>([
    ["list", "", ["-H", `Authorization: Bearer ${secret}`], "the header Authorization"],
    ["list", "", ["--json", "-H", `Authorization: Bearer ${secret}`], "the header Authorization"],
    ["list", "", ["-H", "X-Custom: $KEY"], "the header X-Custom"],
    ["list", "?q=$KEY", [], "in the URL"],
    ["list", "/$KEY/x", [], "a variable in the path"],
    ["doctor", "", ["-H", `Authorization: Bearer ${secret}`], "the header Authorization"]
  ])(
    "are warned about where the server refuses them: %s %s %j",
    ([command, path, flags, named]) =>
      Effect.gen(function*() {
        const { url } = yield* refusing
        const { stderr, stdout } = yield* umcp([command, "--url", url + path, ...flags], { env: { KEY: secret } })
        assert.strictEqual(stderr.split("in clear text").length, 2, stderr)
        assert.include(stderr, named)
        assert.notInclude(stdout + stderr, secret)
      }).pipe(Effect.scoped)
  )

  it.live.each(["Accept: x", "X-Home: $HOME"])(
    "are not where nothing is secret: %s",
    (header) =>
      Effect.gen(function*() {
        const { url } = yield* refusing
        const { stderr } = yield* umcp(["list", "--url", url, "-H", header], { env: { HOME: "/home/maria-7" } })
        assert.notInclude(stderr, "in clear text")
      }).pipe(Effect.scoped)
  )
})
