/**
 * A server without a library, of the legacy era: `node plain.ts <log> stdio [manner]`, or `… http <port>` with sessions.
 *
 * It starts fast and does what it is told, also what no library does: end in the middle of an answer, forget its
 * sessions, stay when its input ends. What it does is written to the log, one line each, when it does it.
 */
import { appendFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createInterface } from "node:readline"

const [log = "", transport, option = ""] = process.argv.slice(2)

const write = (...words: ReadonlyArray<unknown>) => appendFileSync(log, `${words.join(" ")}\n`)

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: {
    readonly name?: string
    readonly arguments?: Readonly<Record<string, unknown>>
    readonly protocolVersion?: string
  }
}

const tools = [
  { name: "echo", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  // Answers the first call of an id by half an answer, and every later one as it should.
  { name: "cut_read", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "cut_write", inputSchema: { type: "object" } },
  { name: "write", inputSchema: { type: "object" } },
  { name: "hang", inputSchema: { type: "object" } },
  { name: "flood", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } }
]

const revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

const seen = new Set<string>()

type Answer = Readonly<Record<string, unknown>> | "nothing" | "half"

const text = (text: unknown): Answer => ({ content: [{ type: "text", text: String(text) }] })

const megabytes = (count: number) =>
  new Promise<void>((resolve) => {
    const line = `${"stderr ".repeat(18)}\n`
    const some = line.repeat(Math.ceil(2 ** 18 / line.length))
    const next = (left: number): unknown => left === 0 ? resolve() : process.stderr.write(some, () => next(left - 1))
    next(count * 4)
  })

const call = async (tool = "", args: Readonly<Record<string, unknown>> = {}): Promise<Answer> => {
  const id = String(args["id"] ?? "")
  if (tool !== "echo") write("run", tool, id)
  switch (tool) {
    case "hang":
      return "nothing"
    case "flood":
      await megabytes(10)
      return text("dry")
    case "cut_read":
    case "cut_write":
      if (seen.has(id)) return text(id)
      seen.add(id)
      return "half"
    default:
      return text(args["message"] ?? id)
  }
}

const answer = async ({ method, params }: Message): Promise<Answer | undefined> => {
  switch (method) {
    case "initialize": {
      write("initialize", process.pid)
      const asked = params?.protocolVersion ?? ""
      return {
        protocolVersion: revisions.includes(asked) ? asked : "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "plain", version: "1.0.0" }
      }
    }
    case "ping":
      return {}
    case "tools/list":
      return { tools }
    case "tools/call":
      return await call(params?.name, params?.arguments)
  }
}

const respond = async (message: Message) => {
  const result = await answer(message)
  return result === "nothing" || result === "half" ? result : JSON.stringify({
    jsonrpc: "2.0",
    id: message.id,
    ...(result === undefined ? { error: { code: -32601, message: "Method not found" } } : { result })
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Standard input and output
// ---------------------------------------------------------------------------------------------------------------------

const serveStdio = () => {
  if (option === "exits") {
    process.stderr.write("reading the settings\nFATAL: API_KEY is not set\n")
    process.exitCode = 3
    return
  }
  // As a server does that holds a connection to a database.
  if (option === "stays") setInterval(() => {}, 60_000)
  createInterface({ input: process.stdin }).on("line", (line) => {
    const message = JSON.parse(line) as Message
    if (option === "mute" || message.id === undefined) return
    void respond(message).then((answer) => answer !== "nothing" && process.stdout.write(`${answer}\n`))
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Streamable HTTP
// ---------------------------------------------------------------------------------------------------------------------

const sessions = new Set<string>()

const bodyOf = async (request: IncomingMessage) => {
  let body = ""
  for await (const chunk of request) body += String(chunk)
  return body
}

const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
  const body = await bodyOf(request)
  if (request.url === "/forget") {
    sessions.clear()
    return response.end()
  }
  if (request.method === "GET") return response.writeHead(405).end()
  const session = String(request.headers["mcp-session-id"])
  if (request.method === "DELETE") return response.writeHead(sessions.delete(session) ? 200 : 404).end()
  const message = JSON.parse(body) as Message
  const isFirst = message.method === "initialize"
  if (!isFirst && !sessions.has(session)) return response.writeHead(404).end()
  if (message.id === undefined) return response.writeHead(202).end()
  const answer = await respond(message)
  if (answer === "nothing") return
  if (answer === "half") {
    response.writeHead(200, { "Content-Type": "text/event-stream" })
    return response.write("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":", () => response.socket?.destroy())
  }
  const id = isFirst ? crypto.randomUUID() : undefined
  if (id !== undefined) sessions.add(id)
  response.writeHead(200, {
    "Content-Type": "application/json",
    ...(id === undefined ? {} : { "Mcp-Session-Id": id })
  }).end(answer)
}

const serveHttp = () =>
  createServer((request, response) => void handle(request, response)).listen(Number(option), "127.0.0.1", () => {
    write("listening", process.pid)
  })

write("start", process.pid)
process.on("exit", () => write("exit", process.pid))
if (transport === "http") serveHttp()
else serveStdio()
