/** `node stdioServer.ts <log>` */
import { appendFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { type Message, respond } from "./server.ts"

const log = process.argv[2] ?? ""
appendFileSync(log, `start ${process.pid}\n`)

const send = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`)

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line) as Message
  const notify = (method: string, params: unknown) => send({ jsonrpc: "2.0", method, params })
  void respond(log, message, notify).then((answer) => answer !== undefined && send(answer))
})
