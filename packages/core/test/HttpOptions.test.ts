/** What a configuration says of HTTP: headers, cookies and certificates, in code and in files. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { ConfigProvider, Effect, Redacted } from "effect"

const url = "https://example.com/mcp"

const inFile = (fields: object, path = "/home/me/.config/mcp.json") =>
  ConfigFile.decode(JSON.stringify({ mcpServers: { web: { url, ...fields } } }), { path }).pipe(
    Effect.provideService(
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromUnknown({
        CERTS: "/certs",
        TOKEN: "s3cret\n",
        NAME: "s3cret Ж",
        PEM: "-----BEGIN PRIVATE KEY-----"
      })
    )
  )

const one = (fields: object, path?: string) =>
  Effect.runSync(Effect.map(inFile(fields, path), ([config]) => config?.transport === "stdio" ? undefined : config))

const wrong = (fields: object) => Effect.runSync(Effect.flip(inFile(fields)))

describe("headers", () => {
  const cases: ReadonlyArray<readonly [Readonly<Record<string, string>>, path: string, found: RegExp]> = [
    [{ "X-User": "s3cret Ж" }, "headers.X-User", /beyond Latin-1/],
    [{ "X-User": "s3cret\u0007" }, "headers.X-User", /control character/],
    [{ "X-User": "s3cret\nmore" }, "headers.X-User", /line break/],
    [{ "X-A": "fine", "X-B": "${NAME}" }, "headers.X-B", /beyond Latin-1/],
    [{ "Authorization:": "s3cret" }, "headers.Authorization", /a name with a colon/],
    [{ "X-Ü": "s3cret" }, "headers.X-", /no name has/],
    [{ "": "s3cret" }, "headers.", /an empty name/],
    [{ "Keep-Alive": "s3cret" }, "headers.Keep-Alive", /belongs to the connection/]
  ]

  for (const [headers, path, found] of cases) {
    it(`that HTTP cannot carry are wrong where they stand: ${JSON.stringify(headers)}`, () => {
      const inFile = wrong({ headers })
      assert.strictEqual(inFile.path, `mcpServers.web.${path}`)
      assert.strictEqual(inFile.file, "/home/me/.config/mcp.json")
      assert.match(inFile.found, found)
      assert.notInclude(`${inFile.message} ${JSON.stringify(inFile)}`, "s3cret")
      const [name = "", value = ""] = Object.entries(headers)[1] ?? Object.entries(headers)[0] ?? []
      if (value.startsWith("$")) return
      for (const secret of [value, Redacted.make(value)]) {
        const inCode = Effect.runSync(
          Effect.flip(ServerConfig.decode({ name: "web", url, headers: { [name]: secret } }))
        )
        assert.strictEqual(inCode.path, path)
        assert.match(inCode.found, found)
      }
    })
  }

  it("may end with a line break, as a token from a file does", () => {
    assert.isDefined(one({ headers: { Authorization: "${TOKEN}" } }))
  })
})

describe("tls", () => {
  it("in a file: paths are relative to it, variables are filled in, the key is hidden", () => {
    const tls = { ca: ["ca.pem", "${CERTS}/more.pem"], cert: "../client.pem", key: "keys/client.key" }
    const read = one({ tls })?.tls
    assert.deepStrictEqual(read?.ca, ["/home/me/.config/ca.pem", "/certs/more.pem"])
    assert.strictEqual(read?.cert, "/home/me/.config/../client.pem")
    assert.isTrue(Redacted.isRedacted(read?.key))
    assert.strictEqual(ServerConfig.reveal(read?.key ?? ""), "/home/me/.config/keys/client.key")
  })

  it("in a file: PEM text and absolute paths stay as they are", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"
    const read = one({ tls: { ca: pem, cert: "C:\\certs\\client.pem", key: "${PEM}" } })?.tls
    assert.deepStrictEqual([read?.ca, read?.cert], [pem, "C:\\certs\\client.pem"])
    assert.strictEqual(ServerConfig.reveal(read?.key ?? ""), "-----BEGIN PRIVATE KEY-----")
  })

  it("in a file: relative to the working directory where the file is there, or is not known", () => {
    assert.strictEqual(one({ tls: { ca: "ca.pem" } }, "mcp.json")?.tls?.ca, "ca.pem")
    assert.strictEqual(one({ tls: { ca: "ca.pem" } }, "config\\mcp.json")?.tls?.ca, "config\\ca.pem")
  })

  it("names the field that is wrong, and shows no value", () => {
    const cases: ReadonlyArray<readonly [unknown, string]> = [
      ["s3cret", "tls"],
      [{ key: 7 }, "tls.key"],
      [{ key: ["s3cret"] }, "tls.key"],
      [{ cert: { pem: "s3cret" } }, "tls.cert"],
      [{ cert: " " }, "tls.cert"],
      [{ ca: [] }, "tls.ca.0"]
    ]
    for (const [tls, path] of cases) {
      const error = wrong({ tls })
      assert.strictEqual(error.path, `mcpServers.web.${path}`)
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "s3cret")
    }
  })

  it("hides its key where a configuration is shown", () => {
    const hidden = ServerConfig.hideSecrets({ name: "web", url, tls: { ca: "ca.pem", cert: "c.pem", key: "s3cret" } })
    assert.deepStrictEqual(hidden, { name: "web", url, tls: { ca: "ca.pem", cert: "c.pem", key: "<redacted>" } })
  })

  it("hides a private key in any of its texts", () => {
    const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    const shown = (tls: NonNullable<ServerConfig.AutoServerConfig["tls"]>) => {
      const hidden = ServerConfig.hideSecrets({ name: "web", url, tls })
      return hidden.transport === "stdio" ? undefined : hidden.tls
    }
    for (const kind of ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]) {
      const key = `-----BEGIN ${kind}-----\ns3cret\n-----END ${kind}-----\n`
      for (const text of [key, certificate + key, key + certificate]) {
        assert.deepStrictEqual(shown({ cert: text }), { cert: "<redacted>" })
        assert.deepStrictEqual(shown({ ca: text }), { ca: "<redacted>" })
        assert.deepStrictEqual(shown({ ca: [certificate, text] }), { ca: [certificate, "<redacted>"] })
      }
    }
    assert.deepStrictEqual(shown({ ca: certificate, cert: certificate }), { ca: certificate, cert: certificate })
  })
})

describe("cookies", () => {
  it("are turned on and off", () => {
    assert.strictEqual(one({ cookies: false })?.cookies, false)
    assert.strictEqual(one({})?.cookies, undefined)
    const error = wrong({ cookies: "no" })
    assert.strictEqual(error.path, "mcpServers.web.cookies")
    assert.deepStrictEqual(error.allowed, ["true or false"])
  })
})
