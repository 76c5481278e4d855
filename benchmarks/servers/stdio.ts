/** `node stdio.ts [tools]`: all lines of a chunk are answered with one write. */
import { reply } from "./protocol.ts"

const tools = Number(process.argv[2] ?? 6)

let rest = ""

process.stdin.on("data", (chunk: Buffer) => {
  const text = rest + chunk.toString("latin1")
  let out = ""
  let from = 0
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
    const answer = reply(text.slice(from, end), tools)
    from = end + 1
    if (answer === undefined) continue
    if (answer.before !== undefined) { for (const line of answer.before) out += `${line}\n` }
    out += answer.head
    if (answer.bulk !== undefined) {
      process.stdout.write(out)
      process.stdout.write(answer.bulk)
      out = ""
    }
    out += "\n"
  }
  rest = text.slice(from)
  if (out !== "") process.stdout.write(out)
})
