import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Connect } from "./client.ts"

interface Entry {
  readonly title: string
  /** `peers/` before its name: installed there. */
  readonly package?: string
  /** None of a command line. */
  readonly load?: () => Promise<{ readonly connect: Connect }>
}

/** In the order of the tables. */
export const clients = {
  ours: { title: "Universal MCP", load: () => import("./ours.ts") },
  sdk1: { title: "SDK 1.x", package: "@modelcontextprotocol/sdk", load: () => import("./sdk1.ts") },
  sdk2: { title: "SDK 2.x", package: "@modelcontextprotocol/client", load: () => import("./sdk2.ts") },
  aiSdk: { title: "@ai-sdk/mcp", package: "peers/@ai-sdk/mcp", load: () => import("../peers/aiSdk.ts") },
  mcporter: { title: "mcporter", package: "peers/mcporter", load: () => import("../peers/mcporter.ts") },
  mastra: { title: "@mastra/mcp", package: "peers/@mastra/mcp", load: () => import("../peers/mastra.ts") },
  openai: { title: "@openai/agents", package: "peers/@openai/agents", load: () => import("../peers/openai.ts") },
  effect: { title: "effect/ai", package: "effect", load: () => import("./effect.ts") },
  inspector: { title: "inspector", package: "peers/@modelcontextprotocol/inspector" },
  floor: { title: "raw floor", load: () => import("./floor.ts") }
} satisfies Record<string, Entry>

export type ClientName = keyof typeof clients

export const isClientName = (name: string): name is ClientName => name in clients

export const order = Object.keys(clients).filter(isClientName)

export const entryOf = (name: ClientName): Entry => clients[name]

/** Those that are libraries. */
export const names = order.filter((name) => entryOf(name).load !== undefined)

/** Neither ours nor the floor. */
export const isPeer = (name: ClientName): boolean => name !== "ours" && name !== "floor"

/** The version of an installed package, of `peers/` with that before its name. */
export const versionOf = (path: string): string => {
  const name = path.replace("peers/", "")
  // Most peers are installed only where they are measured; what is pinned is known everywhere.
  return path === name
    ? text(json(`../node_modules/${name}/package.json`), "version")
    : text(Reflect.get(Object(json("../peers/package.json")), "dependencies"), name)
}

const json = (file: string): unknown => JSON.parse(readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8"))

const text = (value: unknown, key: string): string => String(Reflect.get(Object(value), key))
