/** `-H`: what is in a file or a variable reaches the server, and nobody else sees it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { join } from "node:path"
import { errorOf, folder, umcp } from "./support.ts"

const secret = "q1w2e3r4t5y6"

interface Seen {
  readonly headers: IncomingHttpHeaders
  readonly path: string
  /** All command lines of the machine while the request is open. */
  readonly processes: string
}

/** Refuses every request, and keeps what came and what other users could see meanwhile. */
const server = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const listener = createServer((request, response) => {
        const processes = execFileSync("ps", ["-eo", "args="], { encoding: "utf8" })
        seen.push({ headers: request.headers, path: request.url ?? "", processes })
        response.writeHead(403).end("no")
      })
      listener.listen(0, "127.0.0.1", () => {
        const address = listener.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/mcp`, seen, close: () => listener.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ),
  ({ seen, url }) => ({ seen, url })
)

/** What the server got with the flags, and what could be seen. */
const sent = Effect.fnUntraced(
  function*(flags: ReadonlyArray<string>, path = "", options: { readonly cwd?: string } = {}) {
    const { seen, url } = yield* server
    const outcome = yield* umcp(["list", "--url", url + path, ...flags], {
      env: { KEY: secret, ODD: "$KEY\\$ d" },
      ...options
    })
    const [first] = seen
    return first === undefined ? yield* Effect.die(outcome.stderr) : { ...first, ...outcome }
  }
)

const written = Effect.fnUntraced(function*(text: string, mode = 0o600) {
  const cwd = yield* folder
  writeFileSync(join(cwd, "headers.txt"), text, { mode })
  return cwd
})

describe("-H with a variable", () => {
  it.live("is filled in by umcp, and is not in the list of processes", () =>
    Effect.gen(function*() {
      const { headers, processes, stderr, stdout } = yield* sent([
        "-H",
        "X-Key: $KEY",
        "-H",
        "Authorization: Bearer ${KEY}",
        "-H",
        "X-Plain: \\$KEY costs $5 and a $"
      ])
      assert.strictEqual(headers["x-key"], secret)
      assert.strictEqual(headers["authorization"], `Bearer ${secret}`)
      assert.strictEqual(headers["x-plain"], "$KEY costs $5 and a $")
      assert.include(processes, "X-Key: $KEY")
      assert.notInclude(processes + stderr + stdout, secret)
    }).pipe(Effect.scoped))

  it.live("is where the shell fills it in: that is why", () =>
    Effect.gen(function*() {
      const { processes } = yield* sent(["-H", `X-Key: ${secret}`])
      assert.include(processes, secret)
    }).pipe(Effect.scoped))

  it.live("is not read again", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* sent(["-H", "X-Odd: $ODD"])).headers["x-odd"], "$KEY\\$ d")
    }).pipe(Effect.scoped))

  it.live("must be set", () =>
    Effect.gen(function*() {
      for (const text of ["X-Key: $NO_SUCH_THING", "X-Key: a${NO_SUCH_THING}b"]) {
        const outcome = yield* umcp(["list", "--json", "--url", "http://127.0.0.1:1/", "-H", text])
        const { hint, message } = errorOf(outcome)
        assert.strictEqual(outcome.code, 2)
        assert.strictEqual(message, "--header: there is no environment variable NO_SUCH_THING")
        assert.include(String(hint), "\\$ for a plain $")
      }
    }))

  it.live("may be in --url too", () =>
    Effect.gen(function*() {
      const { path, processes, stderr, stdout } = yield* sent([], "/$KEY?key=${KEY}&filter=\\$x")
      assert.strictEqual(path, `/mcp/${secret}?key=${secret}&filter=$x`)
      assert.notInclude(processes + stderr + stdout, secret)
    }).pipe(Effect.scoped))
})

describe("-H @FILE", () => {
  it.live("sends each line, and none is in the list of processes", () =>
    Effect.gen(function*() {
      const cwd = yield* written(`# for the tests\n\nX-Key: ${secret}\r\nAuthorization: Bearer $KEY\nX-Empty:\n`)
      const { headers, processes, stderr, stdout } = yield* sent(["-H", "@headers.txt", "-H", "X-More: 1"], "", { cwd })
      assert.strictEqual(headers["x-key"], secret)
      assert.strictEqual(headers["authorization"], "Bearer $KEY")
      assert.strictEqual(headers["x-empty"], "")
      assert.strictEqual(headers["x-more"], "1")
      assert.include(processes, "@headers.txt")
      assert.notInclude(processes + stderr + stdout, secret)
    }).pipe(Effect.scoped))

  it.live("names the file and the line that is wrong, and not what it says", () =>
    Effect.gen(function*() {
      const cwd = yield* written(`X-Key: ${secret}\n${secret}\n`)
      const outcome = yield* umcp(["list", "--json", "--url", "http://127.0.0.1:1/", "-H", "@headers.txt"], { cwd })
      assert.strictEqual(outcome.code, 2)
      assert.strictEqual(errorOf(outcome)["message"], "--header: line 2 of headers.txt is not \"Name: value\"")
      assert.notInclude(outcome.stderr, secret)
    }).pipe(Effect.scoped))

  it.live("says that there is no such file, and that standard input is none", () =>
    Effect.gen(function*() {
      for (const name of ["nowhere.txt", "-", ""]) {
        const outcome = yield* umcp(["list", "--json", "--url", "http://127.0.0.1:1/", "-H", `@${name}`])
        assert.strictEqual(outcome.code, 2)
        assert.include(String(errorOf(outcome)["message"]), "--header: cannot read")
      }
    }))

  it.live("warns where others may read the file", () =>
    Effect.gen(function*() {
      for (const mode of [0o644, 0o640]) {
        const cwd = yield* written("X-Key: 1\n", mode)
        const { stderr } = yield* sent(["-H", "@headers.txt"], "", { cwd })
        assert.include(stderr, "warning: other users of this machine can read headers.txt")
        assert.include(stderr, "chmod 600 headers.txt")
        const [first = ""] = (yield* sent(["-H", "@headers.txt", "--json"], "", { cwd })).stderr.split("\n")
        assert.include(JSON.parse(first).warning.message, "can read headers.txt")
      }
      const cwd = yield* written("X-Key: 1\n")
      assert.notInclude((yield* sent(["-H", "@headers.txt"], "", { cwd })).stderr, "can read")
    }).pipe(Effect.scoped))
})

describe("-H", () => {
  it.live("does not repeat what is no header", () =>
    Effect.gen(function*() {
      for (const text of [secret, `${secret} x: y`, `$KEY`]) {
        const outcome = yield* umcp(["list", "--url", "http://127.0.0.1:1/", "-H", text], { env: { KEY: secret } })
        assert.strictEqual(outcome.code, 2)
        assert.include(outcome.stderr, "--header must be")
        assert.notInclude(outcome.stderr, secret)
      }
    }))

  it.live("sends the last of several with one name, in whatever case it is written", () =>
    Effect.gen(function*() {
      const cwd = yield* written("authorization: in-file\nx-one: 1\n")
      const flags = ["-H", "Authorization: first", "-H", "@headers.txt", "-H", "X-ONE: 2", "-H", "x-one: 3"]
      const { headers } = yield* sent(flags, "", { cwd })
      assert.strictEqual(headers["authorization"], "in-file")
      assert.strictEqual(headers["x-one"], "3")
    }).pipe(Effect.scoped))
})
