/**
 * Who holds the memory of an idle session: `node --expose-gc benchmarks/heap.ts <client> <stdio|http> [least]` opens a
 * hundred sessions as the memory workload does, and prints what they reach of the heap, in bytes a session, by the
 * shortest way to it; what has fewer than `least` bytes (default: 400) is left out.
 */
import { readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { writeHeapSnapshot } from "node:v8"
import { open, stdio } from "./arena.ts"
import { entryOf, isClientName } from "./clients/all.ts"
import type { Connection } from "./clients/client.ts"
import { collect } from "./workloads/sample.ts"

/** Named, so that it is found in the snapshot. */
class KeptConnections {
  readonly connections: Array<Connection> = []
}

/** V8's format: flat arrays of numbers, whose fields `meta` names. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: ReadonlyArray<string>
      readonly node_types: readonly [ReadonlyArray<string>, ...ReadonlyArray<unknown>]
      readonly edge_fields: ReadonlyArray<string>
      readonly edge_types: readonly [ReadonlyArray<string>, ...ReadonlyArray<unknown>]
    }
  }
  readonly nodes: ReadonlyArray<number>
  readonly edges: ReadonlyArray<number>
  readonly strings: ReadonlyArray<string>
}

interface Node {
  readonly name: string
  readonly size: number
  readonly edges: ReadonlyArray<{ readonly name: string; readonly isWeak: boolean; readonly to: number }>
}

const take = (): ReadonlyArray<Node> => {
  const file = writeHeapSnapshot(join(tmpdir(), `heap-${process.pid}.heapsnapshot`))
  const { edges, nodes, snapshot: { meta }, strings }: Snapshot = JSON.parse(readFileSync(file, "utf8"))
  rmSync(file)
  const [width, edgeWidth] = [meta.node_fields.length, meta.edge_fields.length]
  const [nodeAt, edgeAt] = [
    (name: string) => meta.node_fields.indexOf(name),
    (name: string) => meta.edge_fields.indexOf(name)
  ]
  const found: Array<Node> = []
  let edge = 0
  for (let at = 0; at < nodes.length; at += width) {
    const number = (field: string) => nodes[at + nodeAt(field)] ?? 0
    const type = meta.node_types[0][number("type")] ?? ""
    const isText = type.includes("string") || type === "number"
    const own: Array<Node["edges"][number]> = []
    for (const end = edge + number("edge_count") * edgeWidth; edge < end; edge += edgeWidth) {
      const edgeNumber = (field: string) => edges[edge + edgeAt(field)] ?? 0
      const edgeType = meta.edge_types[0][edgeNumber("type")] ?? ""
      own.push({
        name: edgeType === "element" || edgeType === "hidden" ? "[]" : strings[edgeNumber("name_or_index")] ?? "",
        isWeak: edgeType === "weak",
        to: edgeNumber("to_node") / width
      })
    }
    found.push({
      name: isText ? type : (strings[number("name")] ?? "").slice(0, 40) || type,
      size: number("self_size"),
      edges: own
    })
  }
  return found
}

interface Group {
  readonly title: string
  readonly members: ReadonlyArray<number>
}

/** What is reached from these by a step to what nothing has reached before, by the names of the steps. */
const step = (nodes: ReadonlyArray<Node>, reached: Set<number>, groups: ReadonlyArray<Group>) =>
  groups.map(({ members }) => {
    const next = new Map<string, Array<number>>()
    for (const member of members) {
      for (const { isWeak, name, to } of nodes[member]?.edges ?? []) {
        if (isWeak || reached.has(to)) continue
        reached.add(to)
        const title = `${name}: ${nodes[to]?.name}`
        const found = next.get(title)
        if (found === undefined) next.set(title, [to])
        else found.push(to)
      }
    }
    return [...next].map(([title, members]): Group => ({ title, members }))
  })

interface Tree extends Group {
  readonly children: Array<Tree>
}

/** The tree of shortest ways; what belongs to fewer than half of the sessions is shared by them, or of another kind. */
const treeOf = (nodes: ReadonlyArray<Node>, root: number, sessions: number): Tree => {
  const tree: Tree = { title: "a session", members: [root], children: [] }
  const reached = new Set([root])
  for (let level: ReadonlyArray<Tree> = [tree]; level.length > 0;) {
    const next = step(nodes, reached, level)
    level = level.flatMap((parent, i) => {
      const children = (next[i] ?? []).filter(({ members }) => members.length * 2 >= sessions)
        .map((group): Tree => ({ ...group, children: [] }))
      parent.children.push(...children)
      return children
    })
  }
  return tree
}

const totalOf = (nodes: ReadonlyArray<Node>, { children, members }: Tree): number =>
  members.reduce((sum, member) => sum + (nodes[member]?.size ?? 0), 0) +
  children.reduce((sum, child) => sum + totalOf(nodes, child), 0)

const print = (nodes: ReadonlyArray<Node>, tree: Tree, sessions: number, least: number, indent = ""): void => {
  const bytes = totalOf(nodes, tree) / sessions
  if (bytes < least) return
  console.log(`${indent}${bytes.toFixed(0)} ${tree.title}`)
  const children = tree.children.toSorted((one, other) => totalOf(nodes, other) - totalOf(nodes, one))
  for (const child of children) print(nodes, child, sessions, least, `${indent} `)
}

const sessions = 100
const [client = "", transport = "", least = "400"] = process.argv.slice(2)
if (!isClientName(client) || !["stdio", "http"].includes(transport)) {
  throw new Error("wants a client, and stdio or http")
}
const arena = await open()
const loaded = await entryOf(client).load?.()
if (loaded === undefined) throw new Error(`${client} is no library`)
const kept = new KeptConnections()
while (kept.connections.length < sessions) {
  const connection = await loaded.connect(transport === "stdio" ? stdio() : arena.url("json"))
  await connection.list()
  await connection.call("echo")
  kept.connections.push(connection)
}
await collect()
const nodes = take()
const root = nodes.findIndex(({ edges, name }) =>
  name === "KeptConnections" && edges.some(({ name }) => name === "connections")
)
const connections = nodes[root]?.edges.find(({ name }) => name === "connections")?.to ?? root
print(nodes, treeOf(nodes, connections, sessions), sessions, Number(least))
arena.close()
process.exit()
