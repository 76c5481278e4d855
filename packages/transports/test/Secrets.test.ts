/** A server gets the secrets of its configuration; what a session says of it has none, whatever it repeats. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as McpSession from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Cause, ConfigProvider, Context, Effect, Exit, Fiber, Layer, Stream, Tracer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { type Exchange, json, serve, type Server } from "./fixtures/httpServer.ts"
import { text } from "./fixtures/httpSupport.ts"
import { node } from "./support.ts"

const server = fileURLToPath(new URL("fixtures/tellsSecrets.ts", import.meta.url))

/** Each of another kind: plain, with what URLs and JSON write otherwise, short, and long. */
const secrets = {
  PLAIN: "q1w2e3r4t5y6",
  ODD: "p/a?s#s&w@o=r:d+\"ü%",
  SHORT: "x9y8",
  LONG: `eyJ${"abcdefgh01234567".repeat(30)}`,
  WORDS: "correct horse  battery"
}

const read = (entry: Readonly<Record<string, unknown>>): Effect.Effect<ServerConfig.ServerConfig> =>
  ConfigFile.decode(JSON.stringify({ mcpServers: { one: { protocolVersion: "legacy", reconnect: false, ...entry } } }))
    .pipe(
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(secrets)),
      Effect.flatMap(([config]) => config === undefined ? Effect.die("no server") : Effect.succeed(config)),
      Effect.orDie
    )

/** All that is heard of a server: its error, standard error, warnings and logs, and the spans, as text. */
const heard = Effect.fnUntraced(function*<A>(
  config: ServerConfig.ServerConfig,
  use: (session: McpSession.McpSession["Service"]) => Effect.Effect<A, unknown>
) {
  const words: Array<string> = []
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const exit = yield* Effect.gen(function*() {
    const factory = yield* SessionFactory
    const session = Context.get(yield* Layer.build(factory.layer(config)), McpSession.McpSession)
    const listening = yield* Effect.forkChild(
      Stream.runForEach(
        Stream.merge(Stream.merge(session.notifications, session.warnings), session.stderr),
        (one) => Effect.sync(() => words.push(JSON.stringify(one)))
      ),
      { startImmediately: true }
    )
    return yield* Effect.ensuring(use(session), Effect.andThen(Effect.yieldNow, Fiber.interrupt(listening)))
  }).pipe(
    Effect.scoped,
    Effect.withSpan("test"),
    Effect.provideService(Tracer.Tracer, tracer),
    Effect.provideService(McpSession.ConnectingStderr, (_, line) => words.push(line)),
    Effect.provide(NodeTransports.layer),
    Effect.exit
  )
  const all = [
    ...words,
    JSON.stringify(exit),
    ...(Exit.isFailure(exit) ? [Cause.pretty(exit.cause), ...causes(Cause.squash(exit.cause))] : []),
    ...spans.flatMap(({ attributes, status }) => [
      JSON.stringify([...attributes]),
      status._tag === "Ended" && Exit.isFailure(status.exit) ? Cause.pretty(status.exit.cause) : ""
    ])
  ].join("\n")
  return { exit, all }
})

const causes = (error: unknown): ReadonlyArray<string> =>
  error instanceof Error ? [error.message, String(error.stack), JSON.stringify(error), ...causes(error.cause)] : []

const forms = (secret: string): ReadonlyArray<string> => [
  secret,
  secret.replaceAll(/\s+/g, " "),
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  encodeURI(secret),
  Buffer.from(secret).toString("base64").replaceAll("=", ""),
  secret.slice(0, 20)
]

const assertNone = (all: string) => {
  for (const secret of Object.values(secrets)) {
    for (const form of forms(secret)) assert.notInclude(all, form)
  }
}

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(`${tmpdir()}/q1w2e3r4t5y6-`)),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const started = (cwd: string, ...args: ReadonlyArray<string>) => ({
  command: node,
  args: [server, "${PLAIN}", "--x=${ODD}", "${SHORT} ${LONG}", ...args],
  env: { API_KEY: "${WORDS}" },
  cwd: cwd.replace(secrets.PLAIN, "${PLAIN}")
})

describe("the secrets of a server that is a process", () => {
  it.live("reach it", () =>
    Effect.gen(function*() {
      const cwd = yield* folder
      const config = yield* read(started(cwd))
      const { exit } = yield* heard(config, (session) => session.callTool("given"))
      assert.isTrue(Exit.isSuccess(exit))
      const given = Exit.isSuccess(exit) ? text(exit.value) : ""
      const { LONG, ODD, PLAIN, SHORT, WORDS } = secrets
      assert.include(given, `${PLAIN} --x=${ODD} ${SHORT} ${LONG} ${WORDS} `)
      assert.include(given, cwd)
    }).pipe(Effect.scoped))

  it.live("are in no error, log message and line of standard error while it runs", () =>
    Effect.gen(function*() {
      const config = yield* read(started(yield* folder))
      const { all, exit } = yield* heard(config, (session) => session.callTool("any"))
      assert.isTrue(Exit.isFailure(exit))
      assert.include(all, "cannot: <redacted>")
      assert.include(all, "started with <redacted>")
      assert.include(all, "notifications/message")
      assertNone(all)
    }).pipe(Effect.scoped))

  it.live("are not in what is said of one that leaves", () =>
    Effect.gen(function*() {
      const config = yield* read(started(yield* folder, "--die", "--stray"))
      const { all, exit } = yield* heard(config, () => Effect.void)
      assert.isTrue(Exit.isFailure(exit))
      assert.include(all, "<redacted>")
      assertNone(all)
    }).pipe(Effect.scoped))

  it.live("are not in the warning of stray lines", () =>
    Effect.gen(function*() {
      const config = yield* read(started(yield* folder, "--stray"))
      const { all } = yield* heard(config, (session) => session.callTool("any"))
      assert.include(all, "a line on stdout is not a message")
      assertNone(all)
    }).pipe(Effect.scoped))

  it.live("are not in the error of one that cannot be started", () =>
    Effect.gen(function*() {
      const entries = [
        { command: "/nowhere/${PLAIN}/${ODD}" },
        { command: "no-such-${PLAIN}" },
        { command: node, cwd: "/nowhere/${PLAIN}" },
        { command: node, args: ["${LONG}"], cwd: server.replace("tellsSecrets", "${T:-tellsSecrets}") },
        { command: "no-such", env: { PATH: "/nowhere/${LONG}" } }
      ]
      for (const entry of entries) {
        const { all, exit } = yield* heard(yield* read(entry), () => Effect.void)
        assert.isTrue(Exit.isFailure(exit))
        assert.include(all, "spawn")
        assertNone(all)
      }
    }))
})

/** Says in the body, in a challenge and in a place elsewhere what the request had in it. */
const told = ({ headers, path }: Exchange): string =>
  `no: ${path} ${decodeURIComponent(path)} ${JSON.stringify(headers)} ${Object.values(headers).join(" ")}`

const answers: Readonly<Record<string, (exchange: Exchange, server: Server) => void>> = {
  "with 500": (exchange) => exchange.response.writeHead(500, { "content-type": "text/plain" }).end(told(exchange)),
  "with 401": (exchange) =>
    exchange.response.writeHead(401, { "www-authenticate": `Bearer realm="${encodeURIComponent(told(exchange))}"` })
      .end(told(exchange)),
  "with a JSON-RPC error": (exchange) =>
    json(exchange, {
      jsonrpc: "2.0",
      id: exchange.message.id,
      error: { code: -32000, message: told(exchange), data: { at: [told(exchange)] } }
    }),
  "with a page": (exchange) =>
    exchange.response.writeHead(200, { "content-type": "text/html" }).end(`<html>${told(exchange)}</html>`),
  "with something else": (exchange) => json(exchange, { said: told(exchange) }),
  "with another origin": (exchange) =>
    exchange.response.writeHead(307, { location: `http://${secrets.PLAIN}.example${exchange.path}` }).end(),
  "with a lossy redirect": (exchange, { origin }) =>
    exchange.response.writeHead(302, { location: `${origin}/moved${exchange.path}` }).end(),
  "with a broken stream": (exchange) => {
    exchange.response.writeHead(200, { "content-type": "text/event-stream" })
    exchange.response.end(`data: {${told(exchange)}\n\n`)
  }
}

const remote = (origin: string) => ({
  type: "http",
  url: `${origin.replace("//", "//${PLAIN}:${ODD}@")}/a/\${LONG}/${
    encodeURIComponent(secrets.PLAIN)
  }?v=\${SHORT}&k=\${WORDS}#\${PLAIN}`
    .replace("${ODD}", encodeURIComponent(secrets.ODD)),
  headers: { Authorization: "Bearer ${PLAIN}${SHORT}", "X-Api-Key": "${LONG}", "X-Words": "${WORDS}" }
})

describe("the secrets of a server behind a URL", () => {
  for (const [how, answer] of Object.entries(answers)) {
    for (const method of ["initialize", "tools/call"]) {
      it.live(`are not in what is said of one that answers ${method} ${how}`, () =>
        Effect.gen(function*() {
          const web = yield* serve({ [method]: answer })
          const config = yield* read(remote(web.origin))
          const { all, exit } = yield* heard(config, (session) => session.callTool("echo"))
          assert.isTrue(Exit.isFailure(exit), all)
          assertNone(all)
          const [first] = web.exchanges
          assert.strictEqual(first?.headers["authorization"], `Bearer ${secrets.PLAIN}${secrets.SHORT}`)
          assert.strictEqual(first?.headers["x-api-key"], secrets.LONG)
          assert.include(first?.path, `/a/${secrets.LONG}/`)
        }).pipe(Effect.scoped))
    }
  }

  it.live("are not in the error of one that is not there", () =>
    Effect.gen(function*() {
      const entries = [
        remote("http://127.0.0.1:1"),
        { ...remote("http://127.0.0.1:1"), type: "sse" },
        { url: "http://${PLAIN}.invalid/mcp" }
      ]
      for (const entry of entries) {
        const { all, exit } = yield* heard(yield* read(entry), () => Effect.void)
        assert.isTrue(Exit.isFailure(exit))
        assertNone(all)
      }
    }))
})
