/**
 * Preloaded into a server (`node --import`): appends to the file `INTEROP_LOG` that the process started and ended by
 * itself, and over HTTP which sessions and sockets came and went. Takes the network away, so that a run is the same
 * everywhere.
 */
import { type Channel, subscribe } from "node:diagnostics_channel"
import dns from "node:dns"
import { appendFileSync } from "node:fs"
import type { IncomingMessage } from "node:http"

const file = process.env["INTEROP_LOG"]

const log = (line: string) => {
  if (file !== undefined) appendFileSync(file, `${line}\n`)
}

const seen = new WeakSet<object>()
const sessions = new Set<string>()

const onRequest: Parameters<Channel["subscribe"]>[0] = (message) => {
  const { request } = message as { readonly request: IncomingMessage }
  const { headers, method, socket } = request
  if (!seen.has(socket)) {
    seen.add(socket)
    log("+socket")
    socket.once("close", () => log("-socket"))
  }
  const session = headers["mcp-session-id"]
  if (typeof session !== "string") return
  if (method === "DELETE") log("-session")
  else if (!sessions.has(session)) {
    sessions.add(session)
    log("+session")
  }
}

const { lookup } = dns

const offline = (host: string, ...rest: ReadonlyArray<unknown>) => {
  const done = rest.at(-1)
  if (/^(localhost|[\d.]+|.*:.*)$/.test(host) || typeof done !== "function") {
    return Reflect.apply(lookup, dns, [host, ...rest])
  }
  process.nextTick(done, Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }))
}
Reflect.set(dns, "lookup", offline)

// A run that was killed leaves nothing behind either.
const parent = process.ppid
setInterval(() => process.ppid === parent || process.exit(1), 1000).unref()

log("start")
subscribe("http.server.request.start", onRequest)
process.once("exit", () => log("exit"))
