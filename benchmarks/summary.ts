/** For engineers: a table a workload, a row a client; in brackets, ours in relation to it. */
import { order } from "./clients/all.ts"
import { ratioOf, type Results, valueOf } from "./results.ts"

export const summary = (results: Results): string => Object.keys(results).map((name) => table(results, name)).join("\n")

const rounded = (value: number) => String(Number(value.toPrecision(3)))

const table = (results: Results, name: string): string => {
  const clients = order.filter((client) => results[name]?.[client] !== undefined)
  const samples = clients.flatMap((client) => results[name]?.[client] ?? [])
  const keys = [...new Set(samples.flatMap((sample) => Object.keys(sample ?? {})))]
  const rounds = Math.max(...clients.map((client) => results[name]?.[client]?.length ?? 0))
  const lines = [
    [`${name} (${rounds === 1 ? "one round" : `${rounds} rounds`})`, ...keys],
    ...clients.map((client) => [
      client,
      ...keys.map((key) => {
        const value = valueOf(results, name, client, key)
        const ratio = ratioOf(results, name, client, key)
        if (Number.isNaN(value)) return "–"
        return client === "ours" || Number.isNaN(ratio) ? rounded(value) : `${rounded(value)} (×${rounded(ratio)})`
      })
    ])
  ]
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
  return `\n${
    lines.map((line) => line.map((text, column) => text.padEnd(width(column))).join("  ").trimEnd()).join("\n")
  }`
}
