/** `docs/benchmarks.svg`: bars of calls per second, a panel a transport; readable on light and on dark. */
import { type ClientName, entryOf, order } from "./clients/all.ts"
import { ratioOf, type Results, valueOf } from "./results.ts"

const panels = [
  ["calls stdio", "stdio"],
  ["calls http json", "Streamable HTTP, JSON answers"],
  ["calls http sse", "Streamable HTTP, SSE answers"],
  ["calls legacy", "HTTP+SSE"]
] as const

const key = "rate 64"

const panelWidth = 460
const labelWidth = 112
const barWidth = 210
const rowHeight = 22
const headHeight = 36

export const chart = (results: Results): string => {
  const drawn = panels.filter(([name]) => results[name] !== undefined)
  const rows = order.filter((client) => drawn.some(([name]) => results[name]?.[client] !== undefined)).length
  const panelHeight = headHeight + rows * rowHeight + 18
  const height = 58 + Math.ceil(drawn.length / 2) * panelHeight
  const body = drawn.map(([name, title], index) =>
    `<g transform="translate(${(index % 2) * panelWidth + 20} ${58 + Math.floor(index / 2) * panelHeight})">${
      panel(results, name, title)
    }</g>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${
    panelWidth * 2 + 20
  } ${height}" role="img" aria-label="Calls per second, 64 in flight, by client and transport">
<style>
  .back { fill: #ffffff }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 16px }
  .panel { font-weight: 600 }
  .note { fill: #6e7781; font-size: 12px }
  .ours { fill: #0969da }
  .peer { fill: #9aa4af }
  .floor { fill: none; stroke: #9aa4af; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 }
    text { fill: #e6edf3 }
    .note { fill: #9198a1 }
    .ours { fill: #4493f8 }
    .peer { fill: #656c76 }
    .floor { stroke: #656c76 }
  }
</style>
<rect class="back" width="100%" height="100%" rx="6"/>
<text class="title" x="20" y="24">Calls per second, 64 in flight</text>
<text class="note" x="20" y="43">longer is better; × is ours in relation to it, the median of interleaved rounds; dashed: the raw floor, no client</text>
${body.join("\n")}
</svg>
`
}

const format = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 })

const panel = (results: Results, name: string, title: string): string => {
  const value = (client: ClientName) => valueOf(results, name, client, key)
  const clients = order.filter((client) => !Number.isNaN(value(client))).toSorted((a, b) => value(b) - value(a))
  const most = Math.max(...clients.map(value))
  const rows = clients.map((client, index) => {
    const y = headHeight - 14 + index * rowHeight
    const width = Math.max(1, value(client) / most * barWidth)
    const kind = client === "ours" ? "ours" : client === "floor" ? "floor" : "peer"
    const ratio = client === "ours" ? "" : ` (${format.format(ratioOf(results, name, client, key))}×)`
    return `<text x="${labelWidth - 8}" y="${y + 12}" text-anchor="end"${client === "ours" ? " class=\"panel\"" : ""}>${
      entryOf(client).title
    }</text><rect class="${kind}" x="${labelWidth}" y="${y}" width="${width.toFixed(1)}" height="15" rx="2"/><text x="${
      (labelWidth + width + 6).toFixed(1)
    }" y="${y + 12}">${format.format(value(client))}${ratio}</text>`
  })
  return [`<text class="panel" x="0" y="8">${title}</text>`, ...rows].join("\n")
}
