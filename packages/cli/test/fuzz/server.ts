/**
 * A hostile server: `server.ts <kind> <seed> <control>`. Before each request the file `control` says the number of the
 * case, from which follows what is said; `<control>.log` gets a line for each hostile answer. Over HTTP it writes its port to
 * stdout. With the kind `good` it is a server on stdio that means well.
 */
import { appendFileSync, readFileSync, writeSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type Carried, events, head, lines } from "./carry.ts"
import type { Era, Json } from "./grammar.ts"
import { excerpt, isRecord } from "./json.ts"
import { type Kind, plan } from "./plan.ts"
import { type Request, say, type Saying, sayWell } from "./say.ts"

const [kind = "", seed = "0", control = ""] = process.argv.slice(2)

const era: Era = kind.endsWith("modern") ? "modern" : "legacy"

/** A line of what the driver must know. */
export interface Told {
  readonly number: number
  readonly method: string
  readonly changes: ReadonlyArray<string>
  readonly said: string
}

let number = 0
const turns = new Map<string, number>()

const sayTo = (request: Request): Saying => {
  const text = readFileSync(control, "utf8")
  if (text !== "" && Number(text) !== number) {
    number = Number(text)
    turns.clear()
  }
  const turn = turns.get(request.method) ?? 0
  turns.set(request.method, turn + 1)
  return say(plan(Number(seed), number), era, request, turn)
}

const tell = (told: Omit<Told, "number">): void => {
  if (told.changes.length > 0) appendFileSync(`${control}.log`, `${JSON.stringify({ number, ...told })}\n`)
}

process.on("uncaughtException", (error) => {
  appendFileSync(
    `${control}.log`,
    `${JSON.stringify({ number, method: "BUG in the hostile server", changes: [error.stack], said: "" })}\n`
  )
  process.exit(1)
})

/** Undefined for what wants no answer. */
const requestOf = (text: string): Request | undefined => {
  const message: unknown = JSON.parse(text)
  if (!isRecord(message) || typeof message["method"] !== "string" || message["id"] === undefined) return undefined
  const { id, method, params } = message
  return { id, method, params: isRecord(params) ? params : {} satisfies Json }
}

const refusesDiscover = ({ method }: Request) => era === "legacy" && method === "server/discover"

const notFound = ({ id }: Request) =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "Method not found" } })

const saidOf = ({ chunks }: Carried): string => {
  const all = Buffer.concat(chunks)
  return excerpt(all.subarray(0, 2000).toString(), 1500) + (all.length > 2000 ? ` (${all.length} bytes)` : "")
}

// ---------------------------------------------------------------------------------------------------------------------
// stdio
// ---------------------------------------------------------------------------------------------------------------------

const write = (bytes: Uint8Array): void => {
  let rest = bytes
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      if (code === "EPIPE") process.exit(0)
      if (code !== "EAGAIN") throw error
      Atomics.wait(still, 0, 0, 1)
    }
  }
}

const still = new Int32Array(new SharedArrayBuffer(4))

/** Not by `readline`, which also ends a line at U+2028. */
const serveStdio = (respond: (request: Request) => void) => {
  let rest = ""
  process.stdin.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + String(chunk)).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) {
      const request = requestOf(line)
      if (request !== undefined) respond(request)
    }
  })
}

const beGood = () => serveStdio((request) => write(Buffer.from(`${sayWell(era, request)}\n`)))

const beHostileOnStdio = () =>
  serveStdio((request) => {
    if (refusesDiscover(request)) return write(Buffer.from(`${notFound(request)}\n`))
    const saying = sayTo(request)
    const carried = lines(saying)
    tell({ method: request.method, changes: carried.changes, said: saidOf(carried) })
    if (saying.changes.length > 0 && saying.random.chance(0.2)) {
      writeSync(2, Buffer.from(`${saying.texts[0]?.slice(0, 2000) ?? ""}\u001b[2J\ud800\0\n${"\r".repeat(50)}`))
    }
    carried.chunks.forEach(write)
    if (carried.end === "exit") process.exit(saying.random.upTo(3))
  })

// ---------------------------------------------------------------------------------------------------------------------
// HTTP
// ---------------------------------------------------------------------------------------------------------------------

const sse = (response: ServerResponse) => response.writeHead(200, { "Content-Type": "text/event-stream" })

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const writeAll = async (response: ServerResponse, { chunks }: Carried) => {
  for (const chunk of chunks) {
    response.write(chunk)
    if (chunks.length > 2) await new Promise((resolve) => setImmediate(resolve))
  }
}

const answer = async (request: Request, response: ServerResponse) => {
  if (refusesDiscover(request)) {
    return response.writeHead(200, { "Content-Type": "application/json" }).end(notFound(request))
  }
  const saying = sayTo(request)
  const { changes, random, texts } = saying
  const { method } = request
  if (method === "initialize") response.setHeader("Mcp-Session-Id", `session-${random.upTo(1000)}`)
  if (changes.length > 0 && random.chance(0.2)) {
    const [words, bytes] = head(random)
    tell({ method, changes: [...changes, words], said: excerpt(texts.join("\n"), 1000) })
    return response.socket?.end(Buffer.concat([Buffer.from(bytes), Buffer.from(texts.join("\n"))]))
  }
  if (changes.length > 0 && method !== "subscriptions/listen" && random.chance(0.3)) {
    const text = texts.at(-1) ?? ""
    tell({ method, changes: [...changes, "plain"], said: excerpt(text, 1500) })
    return response.writeHead(200, { "Content-Type": "application/json" }).end(text)
  }
  const carried = events(saying)
  tell({ method, changes: carried.changes, said: saidOf(carried) })
  sse(response)
  await writeAll(response, carried)
  if (carried.end === "destroy") return response.socket?.destroy()
  return method === "subscriptions/listen" ? undefined : response.end()
}

const serveStreamable = async (request: IncomingMessage, response: ServerResponse) => {
  const body = await bodyOf(request)
  if (request.method === "GET") return era === "modern" ? response.writeHead(405).end() : sse(response).flushHeaders()
  if (request.method !== "POST") return response.writeHead(200).end()
  const asked = requestOf(body)
  return asked === undefined ? response.writeHead(202).end() : answer(asked, response)
}

let stream: ServerResponse | undefined

const serveSse = async (request: IncomingMessage, response: ServerResponse) => {
  const body = await bodyOf(request)
  if (request.method === "GET") {
    stream = sse(response)
    const saying = sayTo({ id: 0, method: "endpoint", params: {} })
    const one = plan(Number(seed), number)
    const isHostile = one.act.via === "library" && one.act.operation === "connect" && saying.random.chance(0.3)
    const endpoint = isHostile ? saying.random.oneOf(endpoints) : "/message"
    if (isHostile) tell({ method: "GET", changes: ["endpoint"], said: excerpt(endpoint) })
    return stream.write(`event: endpoint\ndata: ${endpoint}\n\n`)
  }
  const asked = requestOf(body)
  response.writeHead(202).end()
  if (asked === undefined || stream === undefined) return
  if (refusesDiscover(asked)) return stream.write(`data: ${notFound(asked)}\n\n`)
  const carried = events(sayTo(asked))
  tell({ method: asked.method, changes: carried.changes, said: saidOf(carried) })
  await writeAll(stream, carried)
  if (carried.end === "destroy") stream.socket?.destroy()
}

const endpoints = [
  "",
  "http://127.0.0.1:1/",
  "//127.0.0.1:1/message",
  "javascript:alert(1)",
  "http://[::1",
  "\u001b[2J",
  "?".repeat(70_000),
  "/message#a\0b",
  "{\"toString\":1}"
]

const listen = (serve: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>) => {
  const server = createServer((request, response) => {
    response.on("error", () => {})
    serve(request, response).catch((error: unknown) => process.emit("uncaughtException", new Error(String(error))))
  })
  server.on("connection", (socket) => socket.on("error", () => {}))
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
  process.stdin.resume().on("end", () => process.exit(0))
}

const serve: Readonly<Record<Kind | "good", () => unknown>> = {
  "good": beGood,
  "stdio-legacy": beHostileOnStdio,
  "stdio-modern": beHostileOnStdio,
  "http-legacy": () => listen(serveStreamable),
  "http-modern": () => listen(serveStreamable),
  "sse": () => listen(serveSse)
}

serve[kind as Kind]()
