/** The cause of an error shows no secret, however it is printed and wherever a library has put it. */
import { assert, describe, it } from "@effect/vitest"
import { CallError, Closed, ConnectionError } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { inspect } from "node:util"
import * as redactErrors from "../src/internal/redactErrors.ts"

const secret = "q1w2e3r4t5y6"

const redact = ServerConfig.redactor({ secrets: [secret] }) ?? ((text: string) => text)

const connection = (cause: unknown) =>
  redactErrors.connectionError(
    new ConnectionError({ server: "one", transport: "sse", phase: "connect", description: "", stderr: [], cause }),
    redact
  )

const call = (cause: unknown) =>
  redactErrors.callError(
    new CallError({
      server: "one",
      method: "ping",
      delivery: "unknown",
      reason: new Closed({ description: "", stderr: [], cause })
    }),
    redact
  )

const printed = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true })

class RequestError extends Error {
  readonly #token = secret
  readonly request = { headers: { authorization: `Bearer ${secret}` } }
  token = () => this.#token
}

const cyclic = (): Error => {
  const error = new AggregateError([], `no ${secret}`)
  error.errors.push(error, error, error)
  error.cause = error
  return error
}

const deep = (depth: number): Error =>
  new Error(`at ${depth}: ${secret}`, depth === 0 ? {} : { cause: deep(depth - 1) })

describe("a cause", () => {
  it.each<readonly [string, unknown]>([
    ["of undici's fetch", new TypeError("fetch failed", { cause: new Error(`connect ${secret}`) })],
    ["with many errors", new AggregateError([new Error("other"), new Error(secret), secret], "none of the addresses")],
    ["with its request", new RequestError("status 500")],
    ["with a hidden field", Object.defineProperty(new Error("bad"), "url", { value: `https://${secret}@h/` })],
    ["with a symbol", Object.assign(new Error("bad"), { [Symbol("state")]: secret })],
    ["with its secret in the stack only", Object.assign(new Error("bad"), { stack: `Error: ${secret}\n    at x` })],
    ["whose name is the secret", Object.assign(new Error("bad"), { name: secret })],
    ["that is a chain of causes", deep(100)],
    ["that is its own cause", cyclic()],
    ["that is text", `said ${secret}`],
    ["that is an object", { request: { headers: { authorization: secret } } }],
    ["that is a map", new Map([["authorization", secret]])],
    ["that is a Headers", new Headers({ authorization: secret })]
  ])("%s", (_, cause) => {
    for (const error of [connection(cause), call(cause)]) assert.notInclude(printed(error), secret)
  })

  it("keeps its name, its message, its code, where it came from, and what caused it", () => {
    const inner = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:8123"), { code: "ECONNREFUSED" })
    const { cause } = connection(new TypeError("fetch failed", { cause: inner }))
    const shown = printed(cause)
    for (
      const text of ["fetch failed", "ECONNREFUSED 127.0.0.1:8123", "code: 'ECONNREFUSED'", import.meta.url]
    ) {
      assert.include(shown, text.replace("file://", ""))
    }
    assert.instanceOf(cause, Error)
    assert.strictEqual(cause.name, "TypeError")
  })

  it("keeps the errors of all addresses", () => {
    const { cause } = connection(new AggregateError([new Error("connect ::1"), new Error("connect 127.0.0.1")]))
    assert.include(printed(cause), "connect ::1")
    assert.include(printed(cause), "connect 127.0.0.1")
  })

  it("stays one of our errors", () => {
    const inner = new ConnectionError({
      server: "two",
      transport: "stdio",
      phase: "spawn",
      description: secret,
      stderr: [secret]
    })
    const { cause } = connection(inner)
    assert.instanceOf(cause, ConnectionError)
    assert.notInclude(printed(cause), secret)
  })
})
