import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { createServer as createHttpsServer } from "node:https"
import { createServer as createTcpServer } from "node:net"
import { join } from "node:path"
import { closedPort, diagnose, listening, proxy, serving, startEverything } from "./doctorSupport.ts"
import { expired, key, selfSigned } from "./fixtures/certificates.ts"
import { folder, umcp } from "./support.ts"

const at = (port: number, path = "/mcp") => ["--url", `http://127.0.0.1:${port}${path}`]

const overStreamableHttp = ["--transport", "streamable-http"]

describe("umcp doctor, a URL", () => {
  it.live("that works: every step, over both transports", () =>
    Effect.gen(function*() {
      const port = yield* startEverything("streamableHttp")
      const { code, stdout } = yield* umcp(["doctor", ...at(port), ...overStreamableHttp])
      assert.strictEqual(code, 0)
      const shapes = [
        /^127\.0\.0\.1:\d+  streamable-http$/m,
        /^  ✓ configuration +\d+ ms  --url$/m,
        /^  ✓ dns +\d+ ms  127\.0\.0\.1$/m,
        /^  ✓ tcp +\d+ ms  127\.0\.0\.1 port \d+$/m,
        /^  ✓ http +\d+ ms  POST 200 text\/event-stream$/m,
        /^  ✓ auth +\d+ ms  none asked for$/m,
        /^  ✓ negotiation +\d+ ms  mcp-servers\/everything \S+, 2025-11-25 \(legacy\)$/m,
        /^  ✓ list +\d+ ms  1[0-9] tools, \d prompts, \d+ resources$/m,
        /^  ✓ ping +\d+ ms  answered$/m
      ]
      for (const shape of shapes) assert.match(stdout, shape)
      const sse = yield* startEverything("sse")
      const found = yield* diagnose([...at(sse, "/sse"), "--transport", "sse"])
      assert.deepInclude(found, { code: 0, course: "dns tcp http auth negotiation list ping" })
      assert.strictEqual(found.steps[3]?.detail, "GET 200 text/event-stream")
    }))

  it.live("whose host is unknown", () =>
    Effect.gen(function*() {
      const { code, course, evidence, failed, hint } = yield* diagnose(["--url", "http://nowhere.invalid/mcp"])
      assert.deepInclude({ code, course }, { code: 4, course: "dns!" })
      assert.include(failed.detail ?? "", "nowhere.invalid")
      assert.match(evidence, /ENOTFOUND|EAI_AGAIN/)
      assert.include(hint, "spelling")
      assert.deepInclude(failed.error, { phase: "dns" })
    }))

  it.live("whose port is closed", () =>
    Effect.gen(function*() {
      const port = yield* closedPort
      const { code, course, failed, hint } = yield* diagnose(at(port))
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp!" })
      assert.include(failed.detail ?? "", `nothing listens on 127.0.0.1:${port} (ECONNREFUSED)`)
      assert.include(hint, "is running")
    }))

  it.live("whose certificate is signed by itself", () =>
    Effect.gen(function*() {
      const port = yield* listening(createHttpsServer({ key, cert: selfSigned }))
      const { code, course, evidence, hint } = yield* diagnose(["--url", `https://127.0.0.1:${port}/mcp`])
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp tls!" })
      assert.include(evidence, "for localhost, issued by localhost (by itself)")
      assert.include(evidence, "DEPTH_ZERO_SELF_SIGNED_CERT")
      assert.include(hint, "NODE_EXTRA_CA_CERTS")
    }))

  it.live("whose certificate has expired", () =>
    Effect.gen(function*() {
      const path = yield* folder
      writeFileSync(join(path, "ca.pem"), expired)
      const port = yield* listening(createHttpsServer({ key, cert: expired }))
      const { course, evidence, failed, hint } = yield* diagnose(["--url", `https://127.0.0.1:${port}/mcp`], {
        env: { NODE_EXTRA_CA_CERTS: join(path, "ca.pem") }
      })
      assert.strictEqual(course, "dns tcp tls!")
      assert.match(failed.detail ?? "", /certificate of 127\.0\.0\.1:\d+ has expired \(CERT_HAS_EXPIRED\)/)
      assert.match(evidence, /^valid: 2020-01-01 to 2020-02-01, expired \d{4,} days ago$/m)
      assert.include(hint, "renew")
    }))

  it.live("whose certificate is trusted", () =>
    Effect.gen(function*() {
      const path = yield* folder
      writeFileSync(join(path, "ca.pem"), selfSigned)
      const port = yield* listening(
        createHttpsServer({ key, cert: selfSigned }, (_, response) => response.writeHead(404).end())
      )
      const { course, steps } = yield* diagnose(["--url", `https://127.0.0.1:${port}/mcp`], {
        env: { NODE_EXTRA_CA_CERTS: join(path, "ca.pem") }
      })
      assert.strictEqual(course, "dns tcp tls http!")
      assert.match(steps[3]?.detail ?? "", /^TLSv1\.[23], issued by localhost, valid until \d{4}-\d\d-\d\d$/)
    }))

  it.live("where plain HTTP is spoken under https", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => response.end())
      const { course, hint } = yield* diagnose(["--url", `https://127.0.0.1:${port}/mcp`])
      assert.strictEqual(course, "dns tcp tls!")
      assert.include(hint, "http://")
    }))

  it.live("where https is spoken under plain HTTP", () =>
    Effect.gen(function*() {
      const port = yield* listening(createHttpsServer({ key, cert: selfSigned }))
      const { course, evidence, hint } = yield* diagnose(at(port))
      assert.strictEqual(course, "dns tcp http!")
      assert.match(evidence, /TLSv1\.[23]/)
      assert.strictEqual(hint, "write https:// in the URL")
    }))

  it.live("where a login page answers", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<html><h1>Please log in</h1></html>")
      )
      const { code, course, failed, hint } = yield* diagnose(at(port))
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp http!" })
      assert.include(failed.detail ?? "", "text/html")
      assert.include(failed.detail ?? "", "Please log in")
      assert.include(hint, "login")
    }))

  it.live("where something else than HTTP is spoken", () =>
    Effect.gen(function*() {
      const smtp = yield* listening(createTcpServer((socket) => {
        socket.on("error", () => {})
        socket.end("220 mail ready\r\n")
      }))
      const mail = yield* diagnose(at(smtp))
      assert.strictEqual(mail.course, "dns tcp http!")
      assert.include(mail.failed.detail ?? "", "does not answer in HTTP")
    }))

  it.live("that redirects to another origin", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) =>
        response.writeHead(302, { location: "https://login.example.com/?token=hunter2" }).end()
      )
      const { course, failed, hint, outcome } = yield* diagnose(at(port))
      assert.strictEqual(course, "dns tcp http!")
      assert.include(failed.detail ?? "", "https://login.example.com")
      assert.include(hint, "login page")
      assert.notInclude(outcome.stdout, "hunter2")
    }))

  it.live("that says nothing", () =>
    Effect.gen(function*() {
      const port = yield* serving(() => {})
      const { code, course, failed } = yield* diagnose([...at(port), "--timeout", "500ms"])
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp http!" })
      assert.include(failed.detail ?? "", "500 ms")
    }))

  it.live("whose server has failed", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => response.writeHead(503, { "retry-after": "600" }).end("resting"))
      const { course, failed } = yield* diagnose(at(port))
      assert.strictEqual(course, "dns tcp http!")
      assert.include(failed.detail ?? "", "HTTP 503 Service Unavailable: resting")
      assert.deepInclude(failed.error, { status: 503, retryAfter: 600_000 })
    }))
})

describe("umcp doctor, authorization", () => {
  const metadata = JSON.stringify({
    resource: "x",
    authorization_servers: ["https://auth.example.com"],
    scopes_supported: ["tools:read", "tools:call"]
  })

  it.live("401: what the server asks for, from its metadata; no credentials are sent there", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const port = yield* serving((request, response) => {
        if (request.url !== "/meta") {
          const place = `http://${request.headers.host}/meta`
          return response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${place}"` }).end()
        }
        asked.push(String(request.headers.authorization))
        return response.end(metadata)
      })
      const { code, course, evidence, failed, hint } = yield* diagnose(at(port))
      assert.deepInclude({ code, course }, { code: 3, course: "dns tcp http auth!" })
      assert.include(evidence, "WWW-Authenticate: Bearer resource_metadata=")
      assert.include(evidence, "authorization servers: https://auth.example.com")
      assert.include(evidence, "scopes: tools:read tools:call")
      assert.include(hint, "token from https://auth.example.com")
      assert.deepInclude(failed.error, { phase: "auth", status: 401 })
      const refused = yield* diagnose([...at(port), "-H", "Authorization: Bearer hunter2"])
      assert.strictEqual(refused.code, 3)
      assert.include(refused.hint, "expired")
      assert.notInclude(refused.outcome.stdout, "hunter2")
      assert.deepStrictEqual(asked, ["undefined", "undefined"])
    }))

  it.live("401: metadata where the specification has it, none, and some that is elsewhere", () =>
    Effect.gen(function*() {
      const wellKnown = "/.well-known/oauth-protected-resource"
      const usual = yield* serving((request, response) =>
        request.url === `${wellKnown}/mcp` ? response.end(metadata) : response.writeHead(401).end()
      )
      assert.include((yield* diagnose(at(usual))).evidence, "authorization servers: https://auth.example.com")
      const none = yield* diagnose(at(yield* serving((_, response) => response.writeHead(401).end())))
      assert.include(none.evidence, "without WWW-Authenticate")
      assert.include(none.evidence, "no metadata at")
      const asked: Array<unknown> = []
      const other = yield* serving((request, response) => {
        asked.push(request.url)
        response.end(metadata)
      })
      const away = yield* serving((_, response) =>
        response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="http://127.0.0.1:${other}/meta"` })
          .end()
      )
      assert.include((yield* diagnose(at(away))).evidence, `was not fetched: http://127.0.0.1:${other}/meta`)
      assert.deepStrictEqual(asked, [])
    }))

  it.live("403", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => response.writeHead(403).end())
      const { code, course, failed } = yield* diagnose([...at(port), "-H", "Authorization: Bearer hunter2"])
      assert.deepInclude({ code, course }, { code: 3, course: "dns tcp http auth!" })
      assert.strictEqual(failed.hint, "the credentials do not allow this")
    }))
})

describe("umcp doctor, the wrong transport or path", () => {
  it.live("an SSE server as Streamable HTTP", () =>
    Effect.gen(function*() {
      const port = yield* startEverything("sse")
      const { code, course, evidence, hint } = yield* diagnose([...at(port, "/sse"), ...overStreamableHttp])
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp http!" })
      assert.match(evidence, /^tried sse at \/sse: it works, mcp-servers\/everything/m)
      assert.strictEqual(hint, "change the transport to \"sse\"")
    }))

  it.live("a Streamable HTTP server as SSE, and at another path", () =>
    Effect.gen(function*() {
      const port = yield* startEverything("streamableHttp")
      const asSse = yield* diagnose([...at(port), "--transport", "sse"])
      assert.strictEqual(asSse.code, 4)
      assert.strictEqual(asSse.hint, "change the transport to \"streamable-http\"")
      const wrongPath = yield* diagnose([...at(port, "/api?key=hunter2"), ...overStreamableHttp])
      assert.strictEqual(wrongPath.course, "dns tcp http!")
      assert.include(wrongPath.failed.detail ?? "", "HTTP 404")
      assert.strictEqual(wrongPath.hint, "change the path of the URL to /mcp")
      assert.notInclude(wrongPath.outcome.stdout, "hunter2")
    }))

  it.live("a path where nothing works at all", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => response.writeHead(404).end("nothing here"))
      const { course, evidence, failed, hint } = yield* diagnose(at(port))
      assert.strictEqual(course, "dns tcp http!")
      assert.strictEqual(failed.error?.["status"], 404)
      assert.include(evidence, "tried sse at /sse: HTTP 404")
      assert.include(hint, "MCP endpoint")
    }))
})

describe("umcp doctor, a proxy", () => {
  it.live("that is named and not asked", () =>
    Effect.gen(function*() {
      const port = yield* closedPort
      const { course, evidence, hint } = yield* diagnose(at(port), {
        env: { HTTP_PROXY: "http://user:hunter2@proxy.example.com:3128" }
      })
      assert.strictEqual(course, "dns tcp!")
      assert.include(evidence, "HTTP_PROXY names the proxy proxy.example.com:3128; it is not asked")
      assert.notInclude(evidence, "hunter2")
      assert.include(hint, "NODE_USE_ENV_PROXY=1")
      const exempt = yield* diagnose(at(port), {
        env: { HTTP_PROXY: "http://proxy.example.com", NO_PROXY: "127.0.0.1" }
      })
      assert.notInclude(exempt.evidence, "proxy")
    }))

  it.live("that is asked and cannot be reached", () =>
    Effect.gen(function*() {
      const port = yield* closedPort
      const { code, course, failed, hint } = yield* diagnose(["--url", "http://nowhere.invalid/mcp"], {
        env: { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: "1" }
      })
      assert.deepInclude({ code, course }, { code: 4, course: "dns tcp!" })
      assert.strictEqual(failed.detail, `the proxy 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
      assert.include(hint, "HTTP_PROXY")
    }))

  it.live("that is asked and cannot be reached is what other commands name too, and not the server", () =>
    Effect.gen(function*() {
      const [port, server] = [yield* closedPort, yield* serving((_, response) => response.end())]
      const outcome = yield* umcp(["list", "--json", ...at(server)], {
        env: { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: "1" }
      })
      assert.strictEqual(outcome.code, 4)
      assert.include(outcome.stderr, `the proxy 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
      assert.include(outcome.stderr, "NO_PROXY")
    }))

  it.live("that is asked and refuses", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => response.writeHead(407).end())
      const { course, failed, hint } = yield* diagnose(["--url", "http://nowhere.invalid/mcp"], {
        env: { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: "1" }
      })
      assert.strictEqual(course, "dns tcp http!")
      assert.include(failed.detail ?? "", "407")
      assert.include(hint, "credentials")
    }))

  it.live("that lets us through", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const [server, port] = [yield* startEverything("streamableHttp"), yield* listening(proxy(asked))]
      const { code, steps } = yield* diagnose(at(server), {
        env: { HTTP_PROXY: `http://127.0.0.1:${port}`, NODE_USE_ENV_PROXY: "1" }
      })
      assert.strictEqual(code, 0)
      assert.strictEqual(asked[0], `http://127.0.0.1:${server}/mcp`)
      assert.include(steps[2]?.evidence?.join() ?? "", `HTTP_PROXY names the proxy 127.0.0.1:${port}, and it is asked`)
    }))
})
