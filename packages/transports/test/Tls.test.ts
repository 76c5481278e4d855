/** Certificates of one server: its authority, and a client certificate for servers that demand one. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import { FileSystem } from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as https from "node:https"
import { inspect } from "node:util"
import * as pem from "./fixtures/certificates.ts"
import { event, initializeResult, serve, type Server, stream } from "./fixtures/httpServer.ts"
import { connect, live, refused, text } from "./fixtures/httpSupport.ts"

const { ca } = pem
const ours = { cert: pem.clientCert, key: pem.clientKey }

const secure = (options: https.ServerOptions = {}, handlers: Parameters<typeof serve>[0] = {}) =>
  serve(
    handlers,
    (listener) => https.createServer({ cert: pem.serverCert, key: pem.serverKey, ...options }, listener)
  )

const demanding = (options: https.ServerOptions = {}) =>
  secure({ ca, requestCert: true, rejectUnauthorized: true, ...options })

const on = NodeTransports.platform

const theirs = NodeHttpClient.layerUndiciNoDispatcher.pipe(
  Layer.provide(NodeHttpClient.layerDispatcherOptions({ connect: { ca } }))
)

/** With a client that is made of ours, as one that logs. */
const decorated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    Effect.provideService(
      effect,
      HttpClient.HttpClient,
      HttpClient.transform(client, (response) => Effect.tap(response, () => Effect.void)).pipe(
        HttpClient.mapRequest(HttpClientRequest.setHeader("x-mine", "yes"))
      )
    ))

const works = (server: Server, tls: Parameters<typeof connect>[1]) =>
  Effect.scoped(Effect.gen(function*() {
    const session = yield* connect(server.url, tls)
    assert.strictEqual(text(yield* session.callTool("echo")), "done")
  }))

describe("tls", () => {
  live("`ca` trusts an authority, for this server alone", () =>
    Effect.gen(function*() {
      const server = yield* secure()
      yield* works(server, { tls: { ca } })
      yield* works(server, { tls: { ca: [pem.otherCert, ca] } })
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "tls")
      assert.include(error.hint ?? "", "`tls: { ca }`")
      // Instead of those that Node trusts.
      assert.strictEqual((yield* refused(server.url, { tls: { ca: pem.otherCert } })).phase, "tls")
    }), on)

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    live(`a server with ${maxVersion} that demands a client certificate gets it`, () =>
      Effect.gen(function*() {
        const server = yield* demanding({ maxVersion })
        yield* works(server, { tls: { ca, ...ours } })
        yield* works(server, { tls: { ca, cert: ours.cert, key: Redacted.make(ours.key) } })
        yield* works(server, { tls: { ca, cert: `${ours.key}\n${ours.cert}` } })
      }), on)

    live(
      `a server with ${maxVersion} that demands a client certificate is named as such`,
      () =>
        Effect.gen(function*() {
          const server = yield* demanding({ maxVersion })
          const refusing = refused(server.url, { tls: { ca }, reconnect: false })
          for (const error of [yield* refusing, yield* decorated(refusing)]) {
            assert.strictEqual(error.phase, "tls")
            assert.match(error.description, /^127\.0\.0\.1:\d+ .*demand.* a client certificate/)
            assert.include(error.hint ?? "", "`tls: { cert, key }`")
          }
          assert.strictEqual(server.exchanges.length, 0)
        }),
      on
    )
  }

  live("holds over HTTP+SSE", () =>
    Effect.gen(function*() {
      let say: (text: string) => void = () => {}
      const server = yield* secure({ ca, requestCert: true }, {
        "GET": (exchange) => {
          stream(exchange, "event: endpoint\ndata: /messages\n\n")
          say = (text) => exchange.response.write(text)
        },
        "initialize": ({ message, response }) => {
          response.writeHead(202).end()
          say(event(initializeResult(message.id)))
        }
      })
      yield* SseTransport.make({ name: "old", url: server.url, tls: { ca, ...ours } })
    }), on)

  live("holds for a client that is made of ours, with all that it adds", () =>
    Effect.gen(function*() {
      const server = yield* demanding()
      yield* decorated(works(server, { tls: { ca, ...ours } }))
      for (const { headers } of server.exchanges) assert.strictEqual(headers["x-mine"], "yes")
    }), on)

  live("leaves no connection", () =>
    Effect.gen(function*() {
      const server = yield* demanding()
      yield* works(server, { tls: { ca, ...ours } })
      yield* server.until(() => server.sockets.size === 0)
    }), on)

  live("has no effect on another HttpClient, which is an error", () =>
    Effect.gen(function*() {
      const server = yield* secure()
      const error = yield* refused(server.url, { tls: { ca } })
      assert.strictEqual(error.phase, "config")
      assert.include(error.description, "`tls` has no effect on this HttpClient")
    }), FetchHttpClient.layer)

  it.live("has no effect on another HttpClient beside ours, which is an error too", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const error = yield* Effect.provide(refused(server.url, { tls: { ca } }), FetchHttpClient.layer)
      assert.strictEqual(error.phase, "config")
      assert.strictEqual(server.seen("tools/call").length, 0)
    }).pipe(Effect.scoped, Effect.provide(on)))
})

describe("a server that demands a client certificate", () => {
  live("and hangs up is suspected of it, where the HttpClient tells no more", () =>
    Effect.gen(function*() {
      const server = yield* demanding({ maxVersion: "TLSv1.3" })
      const error = yield* refused(server.url)
      assert.include(error.hint ?? "", "client certificate")
    }), theirs)

  for (
    const [status, body] of [
      [400, "<html><head><title>400 No required SSL certificate was sent</title></head></html>"],
      [400, "<html><head><title>400 The SSL certificate error</title></head></html>"],
      [403, "403.7 - Client certificate required"]
    ] as const
  ) {
    live(`and says so with HTTP ${status} ${body.replaceAll(/<[^>]*>/g, "")}`, () =>
      Effect.gen(function*() {
        const server = yield* serve({ "initialize": ({ response }) => response.writeHead(status).end(body) })
        const error = yield* refused(server.url)
        assert.strictEqual(error.phase, "tls")
        assert.include(error.hint ?? "", "`tls: { cert, key }`")
      }))
  }

  live("of another authority does not accept ours", () =>
    Effect.gen(function*() {
      const server = yield* demanding()
      const error = yield* refused(server.url, { tls: { ca, cert: pem.otherCert, key: pem.otherKey } })
      assert.include(error.hint ?? "", "client certificate")
    }), on)
})

describe("the files of tls", () => {
  const folder = Effect.gen(function*() {
    const fs = yield* FileSystem
    const path = yield* fs.makeTempDirectoryScoped()
    const write = (name: string, content: string) =>
      Effect.as(fs.writeFileString(`${path}/${name}`, content), `${path}/${name}`)
    return { path, write }
  })

  it.live("are read, each time that the session connects", () =>
    Effect.gen(function*() {
      const { write } = yield* folder
      const server = yield* demanding()
      const tls = {
        ca: yield* write("ca.pem", ca),
        cert: yield* write("client.pem", pem.otherCert),
        key: yield* write("client.key", pem.otherKey)
      }
      yield* refused(server.url, { tls })
      yield* write("client.pem", ours.cert)
      yield* write("client.key", ours.key)
      yield* works(server, { tls })
    }).pipe(Effect.scoped, Effect.provide(on)))

  it.live("are named in the error, with the field", () =>
    Effect.gen(function*() {
      const { path, write } = yield* folder
      const file = {
        ca: yield* write("ca.pem", ca),
        cert: yield* write("client.pem", ours.cert),
        key: yield* write("client.key", ours.key),
        der: yield* write("client.der", "\u0030\u0082"),
        broken: yield* write("broken.pem", ours.cert.replace("\nMII", "\nxxx")),
        other: yield* write("other.key", pem.otherKey),
        encrypted: yield* write("encrypted.key", pem.encryptedKey)
      }
      const cases: ReadonlyArray<readonly [Parameters<typeof connect>[1], RegExp]> = [
        [{ tls: { ca: `${path}/none.pem` } }, /`tls\.ca` \(.*none\.pem\) cannot be read: there is no such file/],
        [{ tls: { ca: path } }, /`tls\.ca` \(.*\) cannot be read/],
        [{ tls: { ca: [file.ca, file.der] } }, /`tls\.ca` \(.*client\.der\) is not in PEM format/],
        [{ tls: { ca: file.key } }, /`tls\.ca` \(.*client\.key\) holds no certificate/],
        [
          { tls: { cert: file.broken, key: file.key } },
          /`tls\.cert` \(.*broken\.pem\) holds a certificate that cannot be read/
        ],
        [{ tls: { cert: file.cert } }, /`tls\.cert` is given without `tls\.key`/],
        [{ tls: { key: file.key } }, /`tls\.key` is given without `tls\.cert`/],
        [
          { tls: { cert: file.cert, key: file.other } },
          /`tls\.key` \(.*other\.key\) is not the key of `tls\.cert` \(.*client\.pem\)/
        ],
        [{ tls: { cert: file.cert, key: file.encrypted } }, /`tls\.key` \(.*encrypted\.key\) is encrypted/],
        [{ tls: { cert: file.cert, key: file.cert } }, /`tls\.key` \(.*client\.pem\) holds no private key/]
      ]
      for (const [options, expected] of cases) {
        const error = yield* refused("https://127.0.0.1:1/mcp", options)
        assert.strictEqual(error.phase, "config")
        assert.match(error.description, expected)
      }
    }).pipe(Effect.scoped, Effect.provide(on)))

  it.live("a key is in no error", () =>
    Effect.gen(function*() {
      const body = ours.key.split("\n").slice(1, -1).join("\n")
      const keys = [body, body.replaceAll("\n", ""), ours.key.replace("\n", "\nx"), Redacted.make(body)]
      for (const key of keys) {
        const error = yield* refused("https://127.0.0.1:1/mcp", { tls: { cert: ours.cert, key } })
        assert.strictEqual(error.phase, "config")
        assert.notInclude(inspect(error, { depth: 20, showHidden: true }), body.slice(0, 20))
      }
    }).pipe(Effect.scoped, Effect.provide(on)))
})
