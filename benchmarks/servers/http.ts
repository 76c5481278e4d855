/**
 * HTTP/1.1 on bare sockets; prints its port. `/json/<tools>` and `/sse/<tools>` are Streamable HTTP with that kind of
 * answers, `/legacy/<tools>` is HTTP+SSE. It has sessions, as servers of that revision do.
 */
import { createServer, type Socket } from "node:net"
import { isInitialize, type Reply, reply } from "./protocol.ts"

interface Request {
  readonly method: string
  readonly path: ReadonlyArray<string>
  readonly body: string
}

const status = (line: string) => `HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`

const accepted = status("202 Accepted")

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"

let sessions = 0

const sessionHeader = (body: string) => isInitialize(body) ? `Mcp-Session-Id: session-${++sessions}\r\n` : ""

const json = (socket: Socket, body: string, { bulk, head }: Reply) => {
  const start = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${sessionHeader(body)}`
  if (bulk === undefined) return socket.write(`${start}Content-Length: ${head.length}\r\n\r\n${head}`, "latin1")
  socket.write(`${start}Content-Length: ${head.length + bulk.length}\r\n\r\n${head}`, "latin1")
  socket.write(bulk)
}

const event = (data: string) => `event: message\ndata: ${data}\n\n`

const size = (length: number) => length.toString(16)

const sse = (socket: Socket, body: string, { before, bulk, head }: Reply) => {
  const start = `${streamHead}${sessionHeader(body)}Transfer-Encoding: chunked\r\n\r\n`
  if (bulk === undefined) {
    const events = (before ?? []).map(event).join("") + event(head)
    return socket.write(`${start}${size(events.length)}\r\n${events}\r\n0\r\n\r\n`, "latin1")
  }
  const first = `event: message\ndata: ${head}`
  socket.write(`${start}${size(first.length + bulk.length + 2)}\r\n${first}`, "latin1")
  socket.write(bulk)
  socket.write("\n\n\r\n0\r\n\r\n")
}

/** One of HTTP+SSE: what is sent in one turn leaves in one write. */
class Stream {
  readonly socket: Socket
  private pending = ""
  constructor(socket: Socket) {
    this.socket = socket
  }
  send({ before, bulk, head }: Reply) {
    if (this.pending === "") setImmediate(() => this.flush())
    this.pending += (before ?? []).map(event).join("")
    if (bulk === undefined) return void (this.pending += event(head))
    this.pending += `event: message\ndata: ${head}`
    this.flush()
    this.socket.write(bulk)
    this.pending = "\n\n"
    this.flush()
  }
  private flush() {
    if (this.pending !== "") this.socket.write(this.pending, "latin1")
    this.pending = ""
  }
}

const streams = new Map<string, Stream>()

let opened = 0

const openStream = (socket: Socket, tools: string) => {
  const name = String(++opened)
  streams.set(name, new Stream(socket))
  socket.on("close", () => streams.delete(name))
  socket.write(`${streamHead}\r\nevent: endpoint\ndata: /legacy/${tools}/${name}\n\n`)
}

const handle = (socket: Socket, { body, method, path }: Request) => {
  const [, kind = "", tools = "6", name = ""] = path
  if (method === "GET" && kind === "legacy") return openStream(socket, tools)
  if (method === "DELETE") return socket.write(status("200 OK"))
  // Clients that take any URL post first, and then try HTTP+SSE.
  if (method !== "POST") return socket.write(status("405 Method Not Allowed"))
  if (kind === "legacy" && name === "") return socket.write(status("404 Not Found"))
  const answer = reply(body, Number(tools))
  if (kind === "legacy") {
    socket.write(accepted)
    if (answer !== undefined) streams.get(name)?.send(answer)
    return
  }
  if (answer === undefined) return socket.write(accepted)
  if (kind === "json") json(socket, body, answer)
  else sse(socket, body, answer)
}

const contentLength = /\r\ncontent-length: *(\d+)/i

const chunked = /\r\ntransfer-encoding: *chunked/i

/** Undefined until it is there whole. */
const unchunk = (text: string, start: number): { readonly body: string; readonly end: number } | undefined => {
  let body = ""
  let at = start
  while (true) {
    const line = text.indexOf("\r\n", at)
    if (line < 0) return undefined
    const length = Number.parseInt(text.slice(at, line), 16)
    if (text.length < line + 2 + length + 2) return undefined
    body += text.slice(line + 2, line + 2 + length)
    at = line + 2 + length + 2
    if (length === 0) return { body, end: at }
  }
}

const onSocket = (socket: Socket) => {
  socket.setNoDelay(true)
  socket.on("error", () => socket.destroy())
  let rest = ""
  socket.on("data", (chunk: Buffer) => {
    let text = rest + chunk.toString("latin1")
    while (text !== "") {
      const headEnd = text.indexOf("\r\n\r\n")
      if (headEnd < 0) break
      const head = text.slice(0, headEnd)
      const start = headEnd + 4
      const length = Number(contentLength.exec(head)?.[1] ?? 0)
      const whole = chunked.test(head) ? unchunk(text, start) : text.length < start + length
        ? undefined
        : { body: text.slice(start, start + length), end: start + length }
      if (whole === undefined) break
      const [method = "", url = ""] = head.split(" ", 2)
      text = text.slice(whole.end)
      handle(socket, { method, path: url.split("/"), body: whole.body })
    }
    rest = text
  })
}

const server = createServer(onSocket).listen(0, "127.0.0.1", 1024, () => {
  const address = server.address()
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`)
})

// Whoever started it has ended.
process.stdin.on("end", () => process.exit()).resume()
