/** Cookies that load balancers set to keep a session on one machine. */
import { assert, describe, it } from "@effect/vitest"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as cookies from "../src/internal/cookies.ts"
import { event, type Exchange, initializeResult, json, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"

/** Two machines behind a balancer that goes round, unless its cookie says where a request belongs. */
const balanced = Effect.gen(function*() {
  const machines = [new Set<string>(), new Set<string>()]
  let turn = 0
  let deleted = 0
  const choose = ({ headers, response }: Exchange): number => {
    const [, route] = /(?:^|; )ROUTE=(\d)/.exec(headers.cookie ?? "") ?? []
    const machine = route === undefined ? turn++ % 2 : Number(route)
    if (route === undefined) response.setHeader("set-cookie", [`ROUTE=${machine}; Path=/; HttpOnly`, "lang=en"])
    return machine
  }
  const known = (exchange: Exchange, answer: () => void) => {
    const id = String(exchange.headers["mcp-session-id"])
    if (machines[choose(exchange)]?.has(id) === true) return answer()
    exchange.response.writeHead(404).end()
  }
  const server = yield* serve({
    "initialize": (exchange) => {
      const machine = choose(exchange)
      const id = `${machine}-${machines[machine]?.size}`
      machines[machine]?.add(id)
      json(exchange, initializeResult(exchange.message.id), 200, { "mcp-session-id": id })
    },
    "server/discover": (exchange) => {
      choose(exchange)
      exchange.response.writeHead(404).end()
    },
    "tools/call": (exchange) => known(exchange, () => json(exchange, result(exchange.message.id, "done"))),
    "notifications/initialized": (exchange) => known(exchange, () => exchange.response.writeHead(202).end()),
    "GET": (exchange) => known(exchange, () => stream(exchange)),
    "DELETE": (exchange) =>
      known(exchange, () => {
        deleted++
        exchange.response.writeHead(200).end()
      })
  })
  return { server, machines, deleted: () => deleted }
})

const cookiesOf = (exchanges: ReadonlyArray<Exchange>) => exchanges.map(({ headers }) => headers.cookie)

const sticky = Effect.gen(function*() {
  const { deleted, machines, server } = yield* balanced
  yield* Effect.scoped(Effect.gen(function*() {
    const session = yield* connect(server.url)
    for (let call = 0; call < 4; call++) assert.strictEqual(text(yield* session.callTool("echo")), "done")
    yield* server.until(() => server.seen("GET").length === 1)
  }))
  assert.strictEqual(server.seen("initialize").length, 1)
  assert.strictEqual(deleted(), 1)
  for (const method of ["tools/call", "GET", "DELETE"]) {
    assert.match(cookiesOf(server.seen(method))[0] ?? "", /^ROUTE=\d; lang=en$/)
  }
  // The machine dies: a new session goes to whichever is there.
  const session = yield* connect(server.url)
  const before = server.exchanges.length
  for (const machine of machines) machine.clear()
  assert.strictEqual(text(yield* session.callTool("echo")), "done")
  assert.include(cookiesOf(server.exchanges.slice(before)), undefined)
  assert.strictEqual(server.seen("initialize").length, 3)
})

describe("behind a balancer with sticky cookies", () => {
  live("a session stays on one machine: POST, GET and DELETE", () => sticky)

  live("a session stays on one machine, with fetch", () => sticky, FetchHttpClient.layer)

  live("a session over HTTP+SSE stays on one machine", () =>
    Effect.gen(function*() {
      let say: (text: string) => void = () => {}
      const posted: Array<string | undefined> = []
      const accept = ({ headers, response }: Exchange) => {
        posted.push(headers.cookie)
        response.writeHead(202).end()
      }
      const server = yield* serve({
        "GET": (exchange) => {
          stream(exchange, "event: endpoint\ndata: /messages\n\n", { "set-cookie": "AWSALB=xyz==; Path=/" })
          say = (text) => exchange.response.write(text)
        },
        "initialize": (exchange) => {
          accept(exchange)
          say(event(initializeResult(exchange.message.id)))
        },
        "tools/call": (exchange) => {
          accept(exchange)
          say(event(result(exchange.message.id, "done")))
        },
        "POST": accept
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      assert.deepStrictEqual(new Set(posted), new Set(["AWSALB=xyz=="]))
    }))
})

describe("cookies", () => {
  const setting = serve({
    "initialize": (exchange) =>
      json(exchange, initializeResult(exchange.message.id), 200, { "set-cookie": "theirs=1; Path=/" })
  })

  live("are not sent back where they are turned off", () =>
    Effect.gen(function*() {
      const server = yield* setting
      yield* (yield* connect(server.url, { cookies: false })).callTool("echo")
      assert.deepStrictEqual(new Set(cookiesOf(server.exchanges)), new Set([undefined]))
    }))

  live("are those of the configuration, where it has some", () =>
    Effect.gen(function*() {
      const server = yield* setting
      yield* (yield* connect(server.url, { headers: { Cookie: "mine=2" } })).callTool("echo")
      assert.deepStrictEqual(new Set(cookiesOf(server.exchanges)), new Set(["mine=2"]))
    }))

  live("are set by redirects too, and by errors", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "server/discover": ({ response }) => response.writeHead(400, { "set-cookie": "a=1; Path=/" }).end(),
        "initialize": (exchange) =>
          exchange.path === "/mcp"
            ? exchange.response.writeHead(307, { location: "/there", "set-cookie": "b=2; Path=/" }).end()
            : json(exchange, initializeResult(exchange.message.id))
      })
      yield* connect(server.url)
      assert.deepStrictEqual(cookiesOf(server.seen("initialize")), ["a=1", "a=1; b=2"])
    }))
})

describe("a cookie jar", () => {
  const url = (path: string, origin = "https://mcp.example.com") => new URL(path, origin)
  const at = url("/api/mcp")
  const jar = (...headers: ReadonlyArray<string>) => {
    let time = 0
    const made = cookies.make(() => time)
    made.take(at, headers)
    return {
      ...made,
      pass: (milliseconds: number) => {
        time += milliseconds
      }
    }
  }

  it("keeps to the path", () => {
    const made = jar("a=1; Path=/api", "b=2", "c=3; Path=/", "d=4; Path=/other", "e=5; Path=nonsense")
    assert.strictEqual(made.header(at), "a=1; b=2; e=5; c=3")
    assert.strictEqual(made.header(url("/apis")), "c=3")
    assert.strictEqual(made.header(url("/other/x")), "d=4; c=3")
  })

  it("keeps to the host and its domain", () => {
    const headers = [
      "a=1; Domain=example.com",
      "b=2; Domain=.mcp.example.com",
      "c=3; Domain=other.com",
      "d=4; Domain=le.com"
    ]
    assert.strictEqual(jar(...headers).header(at), "a=1; b=2")
  })

  it("keeps secure cookies to https", () => {
    const plain = url("/mcp", "http://mcp.example.com")
    const made = cookies.make(() => 0)
    made.take(plain, ["a=1; Secure; Path=/", "b=2; Path=/"])
    assert.strictEqual(made.header(plain), "b=2")
    assert.strictEqual(jar("a=1; secure").header(at), "a=1")
  })

  it("forgets what has expired, or is taken back", () => {
    const made = jar(
      "a=1; Max-Age=10",
      "b=2; Expires=Thu, 01 Jan 1970 00:00:05 GMT",
      "c=3; Max-Age=0",
      "d=4; Max-Age=-1",
      "e=5"
    )
    assert.strictEqual(made.header(at), "a=1; b=2; e=5")
    made.pass(5000)
    assert.strictEqual(made.header(at), "a=1; e=5")
    made.pass(5000)
    assert.strictEqual(made.header(at), "e=5")
    made.take(at, ["e=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
    assert.strictEqual(made.header(at), undefined)
  })

  it("prefers Max-Age, and has one cookie of a name and path", () => {
    assert.strictEqual(jar("a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT").header(at), "a=1")
    assert.strictEqual(jar("a=1", "b=2", "a=3").header(at), "b=2; a=3")
  })

  it("sends values back as they came, and leaves out what is no cookie", () => {
    assert.strictEqual(jar("a=%20\"x\"==", "nonsense", "=x", "b=\u0001", "c=日本", "").header(at), "a=%20\"x\"==")
  })

  it("has cookies of one name for several paths, and keeps what is set again and again", () => {
    assert.strictEqual(jar("a=1; Path=/", "a=2; Path=/api", "a=3; Path=/").header(at), "a=2; a=3")
    const others = Array.from({ length: 60 }, (_, index) => [`c${index}=1`, "route=1"])
    assert.include(jar("route=1", ...others.flat()).header(at) ?? "", "route=1")
  })

  it("is bounded", () => {
    const made = jar(`big=${"x".repeat(5000)}`, ...Array.from({ length: 200 }, (_, at) => `c${at}=1`))
    const sent = made.header(at)?.split("; ") ?? []
    assert.strictEqual(sent.length, 50)
    assert.strictEqual(sent.at(-1), "c199=1")
  })
})
