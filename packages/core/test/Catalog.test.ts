import { assert, describe, it } from "@effect/vitest"
import { completable, ResourceTemplate } from "@modelcontextprotocol/server"
import * as McpError from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as z from "zod"
import * as servers from "./fixtures/server.ts"
import { connect, type Handlers, initialized, type Message } from "./fixtures/wire.ts"

type Session = McpSession.McpSession["Service"]

interface List {
  readonly method: string
  readonly key: string
  readonly item: (n: number) => object
  readonly invalid: object
  readonly list: (session: Session) => Effect.Effect<ReadonlyArray<object>, McpError.CallError>
}

const lists: ReadonlyArray<List> = [
  {
    method: "tools/list",
    key: "tools",
    item: (n) => ({ name: `t${n}`, inputSchema: {} }),
    invalid: { name: "no schema" },
    list: (session) => session.listTools
  },
  {
    method: "resources/list",
    key: "resources",
    item: (n) => ({ name: `r${n}`, uri: `a://${n}` }),
    invalid: { name: "no uri" },
    list: (session) => session.listResources
  },
  {
    method: "resources/templates/list",
    key: "resourceTemplates",
    item: (n) => ({ name: `r${n}`, uriTemplate: `a://${n}/{b}` }),
    invalid: { uri: "a://1" },
    list: (session) => session.listResourceTemplates
  },
  {
    method: "prompts/list",
    key: "prompts",
    item: (n) => ({ name: `p${n}` }),
    invalid: { title: "no name" },
    list: (session) => session.listPrompts
  }
]

const everything: Handlers = {
  initialize: (request, to) =>
    to.answer(request, { ...initialized, capabilities: { tools: {}, resources: {}, prompts: {}, logging: {} } })
}

const cursorOf = (request: Message): number => Number(request.params?.["cursor"] ?? 0)

const items = (count: number, { item }: List) => Array.from({ length: count }, (_, n) => item(n))

const take = <A>(stream: Stream.Stream<A>, count: number) => Stream.runCollect(Stream.take(stream, count))

describe.each(lists)("$method", (list) => {
  const { invalid, item, key, method } = list

  it.effect("10,000 in pages of 100 are one list", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...everything,
        [method]: (request, to) => {
          const start = cursorOf(request)
          to.answer(request, {
            [key]: Array.from({ length: 100 }, (_, n) => item(start + n)),
            ...(start + 100 < 10_000 ? { nextCursor: String(start + 100) } : {})
          })
        }
      })
      assert.deepStrictEqual<unknown>(yield* list.list(session), items(10_000, list))
      assert.lengthOf(wire.all(method), 100)
      assert.notProperty(wire.all(method)[0]?.params ?? {}, "cursor")
    }))

  it.effect.each([null, ""])("the cursor %j ends it", (nextCursor) =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        [method]: (request, to) => to.answer(request, { [key]: [item(1)], nextCursor })
      })
      assert.deepStrictEqual<unknown>(yield* list.list(session), [item(1)])
    }))

  it.effect("a cursor that comes again is an error with what was read", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...everything,
        [method]: (request, to) => to.answer(request, { [key]: [item(cursorOf(request))], nextCursor: "1" })
      })
      const error = yield* Effect.flip(list.list(session))
      assert.strictEqual(error.message, `${method} on "hand" failed: the list never ends: the cursor "1" came again`)
      assert.deepStrictEqual(error.reason._tag === "InvalidResult" && error.reason.partial, [item(0), item(1)])
      assert.lengthOf(wire.all(method), 2)
    }))

  it.effect("what is not valid is left out of what was read too, with a remark", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        [method]: (request, to) => to.answer(request, { [key]: [item(1), list.invalid], nextCursor: "1" })
      })
      const error = yield* Effect.flip(list.list(session))
      assert.deepStrictEqual(error.reason._tag === "InvalidResult" && error.reason.partial, [item(1), item(1)])
      const [remark] = yield* Stream.runCollect(Stream.take(session.warnings, 1))
      assert.match(String(remark?.description), new RegExp(`left out 2 of the ${key} that are not valid`))
    }))

  it.effect("a list that never ends is an error with what was read", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        [method]: (request, to) => {
          const n = cursorOf(request)
          to.answer(request, { [key]: [item(n)], nextCursor: String(n + 1) })
        }
      })
      const error = yield* Effect.flip(list.list(session))
      assert.match(error.message, /more than 1000 pages/)
      const partial = error.reason._tag === "InvalidResult" ? error.reason.partial : undefined
      assert.deepStrictEqual(partial?.slice(0, 1000), items(1000, list))
    }))

  it.effect("pages that come too slowly too, after ten times the time of one", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(everything, { requestTimeout: "1 second" })
      const listing = yield* list.list(session).pipe(Effect.flip, Effect.forkChild)
      for (let n = 0; n < 12; n++) {
        const request = yield* wire.next(method, n + 1)
        yield* TestClock.adjust("900 millis")
        if (n === 11) break
        wire.answer(request, { [key]: [item(n)], nextCursor: String(n + 1) })
      }
      const error = yield* Fiber.join(listing)
      assert.strictEqual(error.message, `${method} on "hand" failed: the list did not end within 10s`)
      assert.deepStrictEqual(error.reason._tag === "InvalidResult" && error.reason.partial, items(11, list))
    }))

  it.effect("what is not valid is left out, with one remark, however deep it is", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        [method]: (request, to) => to.answer(request, { [key]: [invalid, item(1), null, 7, item(2)] })
      })
      assert.deepStrictEqual<unknown>(yield* list.list(session), [item(1), item(2)])
      const [remark] = yield* take(session.warnings, 1)
      assert.match(String(remark?.description), /^left out 3 /)
      assert.include(String(remark?.description), JSON.stringify(invalid))
    }))

  it.effect("a result without a list fails, and the session goes on", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        [method]: (request, to) => to.answer(request, { [key]: {} }),
        "ping": (request, to) => to.answer(request, {})
      })
      const error = yield* Effect.flip(list.list(session))
      assert.strictEqual(error.reason._tag, "InvalidResult")
      yield* session.ping
    }))
})

describe("lists", () => {
  it.effect("resources/templates/list: no capability stands for it alone, so not to know it is no fault", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...everything,
        "resources/list": (request, to) => to.refuse(request, -32601, "Method not found"),
        "resources/templates/list": (request, to) => to.refuse(request, -32601, "Method not found")
      })
      assert.deepStrictEqual(yield* session.listResourceTemplates, [])
      assert.deepStrictEqual(yield* session.listResources, [])
      const [first] = yield* take(session.warnings, 1)
      assert.include(String(first?.description), "does not know resources/list")
    }))

  it.effect.each(lists.slice(1).filter(({ method }) => method !== "resources/templates/list"))(
    "$method: advertised and not known is empty, with a remark",
    ({ list, method }) =>
      Effect.gen(function*() {
        const { session } = yield* connect({
          ...everything,
          [method]: (request, to) => to.refuse(request, -32601, "Method not found")
        })
        assert.deepStrictEqual(yield* list(session), [])
        const [remark] = yield* take(session.warnings, 1)
        assert.include(String(remark?.description), `does not know ${method}`)
      })
  )
})

describe("what is told without being asked", () => {
  const log = (data: string) => ({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } })

  const data = (notifications: ReadonlyArray<McpSession.Notification>) =>
    notifications.map(({ params }) => params?.["data"])

  it.effect("the first reader gets what came before it, the first 64, and the second does not", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "notifications/initialized": (_, to) => to.send(log("welcome"))
      })
      for (let n = 1; n < 100; n++) wire.send(log(String(n)))
      const first = yield* take(session.notifications, 64)
      assert.deepStrictEqual(data(first), ["welcome", ...Array.from({ length: 63 }, (_, n) => String(n + 1))])
      const second = yield* Effect.forkChild(take(session.notifications, 1), { startImmediately: true })
      wire.send(log("now"))
      assert.deepStrictEqual(data(yield* Fiber.join(second)), ["now"])
    }))

  it.effect.each([
    { what: "the server ends it", how: "far" },
    { what: "the scope closes", how: "scope" },
    { what: "the transport is lost", how: "lost" }
  ])("every stream ends when $what, after all that came before", ({ how }) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { session, wire } = yield* Scope.provide(connect(), scope)
      const collect = <A>(stream: Stream.Stream<A>) =>
        Effect.forkChild(Stream.runCollect(stream), { startImmediately: true })
      const notifications = yield* collect(session.notifications)
      const stderr = yield* collect(session.stderr)
      const states = yield* collect(session.state.changes)
      const changes = yield* collect(session.changes)
      wire.send(log("last words"))
      wire.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })
      wire.near.onstderr?.("last line")
      if (how === "scope") yield* Scope.close(scope, Exit.void)
      else {
        if (how === "lost") {
          Object.assign(wire.near, {
            lost: new TransportError({
              phase: "connect",
              delivery: "unknown",
              reason: new McpError.Closed({ description: "it died", stderr: [] })
            })
          })
        }
        yield* Effect.promise(() => wire.far.close())
      }
      assert.deepStrictEqual(data(yield* Fiber.join(notifications)), ["last words", undefined])
      assert.deepStrictEqual(yield* Fiber.join(stderr), ["last line"])
      assert.deepStrictEqual(yield* Fiber.join(changes), ["tools"])
      assert.deepStrictEqual((yield* Fiber.join(states)).map(({ _tag }) => _tag), [
        "Ready",
        how === "lost" ? "Failed" : "Closed"
      ])
      yield* Stream.runDrain(session.stderr)
      yield* Stream.runDrain(session.notifications)
      yield* Stream.runDrain(session.changes)
    }))
})

describe("resources on the official SDK's server", () => {
  const onServer = <A, E>(use: (session: McpSession.McpSession["Service"]) => Effect.Effect<A, E>) =>
    McpSession.McpSession.use(use).pipe(Effect.provide(servers.layer("notes", {
      configure: (server) => {
        server.registerResource("one", "note://1", { title: "The one", mimeType: "text/plain" }, () => ({
          contents: [{ uri: "note://1", text: "first" }]
        }))
        server.registerResource(
          "any",
          new ResourceTemplate("note://{id}", {
            list: undefined,
            complete: { id: (value) => ["1", "10", "2"].filter((id) => id.startsWith(value)) }
          }),
          {},
          (uri, { id }) => ({ contents: [{ uri: uri.href, blob: Buffer.from(String(id)).toString("base64") }] })
        )
      }
    })))

  it.effect("lists them and their templates, reads both, and completes", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const [one] = yield* session.listResources
        assert.deepStrictEqual(one, { name: "one", uri: "note://1", title: "The one", mimeType: "text/plain" })
        assert.deepStrictEqual(yield* session.listResourceTemplates, [{ name: "any", uriTemplate: "note://{id}" }])
        assert.deepStrictEqual((yield* session.readResource("note://1")).contents, [{ uri: "note://1", text: "first" }])
        assert.deepStrictEqual((yield* session.readResource("note://7")).contents, [{ uri: "note://7", blob: "Nw==" }])
        const { completion } = yield* session.complete({
          ref: { type: "ref/resource", uri: "note://{id}" },
          argument: { name: "id", value: "1" }
        })
        assert.deepStrictEqual(completion.values, ["1", "10"])
      })
    ))

  it.effect("fails with the server's own words for a resource that is not there", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(session.readResource("other://1"))
        assert.strictEqual(error.reason._tag, "Rejected")
        assert.match(error.message, /^resources\/read on "notes" failed: .*other:\/\/1/)
      })
    ))
})

describe("prompts on the official SDK's server", () => {
  const onServer = <A, E>(use: (session: McpSession.McpSession["Service"]) => Effect.Effect<A, E>) =>
    McpSession.McpSession.use(use).pipe(Effect.provide(servers.layer("words", {
      configure: (server) => {
        server.registerPrompt("greet", {
          title: "Greeting",
          argsSchema: z.object({
            language: completable(z.string(), (value) => ["de", "da", "en"].filter((code) => code.startsWith(value))),
            name: completable(z.string(), (_, context) => [`${context?.arguments?.["language"]}-name`])
          })
        }, ({ language, name }) => ({
          description: "says hello",
          messages: [{ role: "user", content: { type: "text", text: `greet ${name} in ${language}` } }]
        }))
      }
    })))

  it.effect("lists them, gets one, and completes its arguments, also from those that are known", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const [greet] = yield* session.listPrompts
        assert.deepInclude(greet, { name: "greet", title: "Greeting" })
        assert.deepStrictEqual(greet?.arguments?.map(({ name }) => name), ["language", "name"])
        const result = yield* session.getPrompt("greet", { language: "da", name: "Ada" })
        assert.deepStrictEqual(result, {
          description: "says hello",
          messages: [{ role: "user", content: { type: "text", text: "greet Ada in da" } }]
        })
        const ref = { type: "ref/prompt", name: "greet" } as const
        const languages = yield* session.complete({ ref, argument: { name: "language", value: "d" } })
        assert.deepStrictEqual(languages.completion.values, ["de", "da"])
        const names = yield* session.complete({
          ref,
          argument: { name: "name", value: "" },
          context: { arguments: { language: "en" } }
        })
        assert.deepStrictEqual(names.completion.values, ["en-name"])
      })
    ))

  it.effect("fails with the server's own words for one that is not there", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(session.getPrompt("grete"))
        assert.strictEqual(error.reason._tag, "Rejected")
        assert.strictEqual(error.delivery, "answered")
        assert.match(error.message, /^prompts\/get on "words" failed: .*grete/)
      })
    ))
})

describe("what is not valid", () => {
  it.effect.each([{}, { contents: {} }, { contents: [null] }, { contents: [{ text: "no uri" }] }])(
    "refuses %j as the contents of a resource, and goes on",
    (result) =>
      Effect.gen(function*() {
        const { session } = yield* connect({
          ...everything,
          "resources/read": (request, to) => to.answer(request, result),
          "ping": (request, to) => to.answer(request, {})
        })
        const error = yield* Effect.flip(session.readResource("a://1"))
        assert.strictEqual(error.reason._tag, "InvalidResult")
        yield* session.ping
      })
  )

  it.effect.each([{}, { messages: {} }, { messages: ["hi"] }, { messages: [{ role: "user", content: "hi" }] }])(
    "refuses %j as a prompt, and goes on",
    (result) =>
      Effect.gen(function*() {
        const { session } = yield* connect({
          ...everything,
          "prompts/get": (request, to) => to.answer(request, result),
          "ping": (request, to) => to.answer(request, {})
        })
        const error = yield* Effect.flip(session.getPrompt("a"))
        assert.strictEqual(error.reason._tag, "InvalidResult")
        yield* session.ping
      })
  )
})

describe("what a server does not know", () => {
  it.effect("it does not offer, whatever it advertises", () =>
    Effect.gen(function*() {
      const refuse: Handlers[string] = (request, to) => to.refuse(request, -32601, "Method not found")
      const { session } = yield* connect({
        "resources/read": refuse,
        "prompts/get": refuse,
        "completion/complete": refuse,
        "logging/setLevel": refuse
      })
      const ref = { type: "ref/prompt", name: "a" } as const
      const calls: ReadonlyArray<readonly [string, Effect.Effect<unknown, McpError.CallError>]> = [
        [`resources/read on "hand" failed: the server does not offer resources`, session.readResource("a://1")],
        [`prompts/get on "hand" failed: the server does not offer prompts`, session.getPrompt("a")],
        [
          `completion/complete on "hand" failed: the server does not offer completion`,
          session.complete({ ref, argument: { name: "x", value: "" } })
        ],
        [`logging/setLevel on "hand" failed: the server does not offer a log level`, session.setLogLevel("info")]
      ]
      for (const [message, call] of calls) {
        const error = yield* Effect.flip(call)
        assert.strictEqual(error.message, message)
        assert.strictEqual(error.reason._tag, "Unsupported")
        assert.strictEqual(error.delivery, "answered")
      }
    }))
})
