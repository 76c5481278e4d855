import { createRuntime } from "mcporter"
import type { Connect, Target } from "./client.ts"

const definition = (target: Target) =>
  target.transport === "stdio"
    ? { kind: "stdio" as const, command: target.command, args: [...target.args], cwd: process.cwd() }
    : { kind: "http" as const, url: new URL(target.url) }

export const connect: Connect = async (target) => {
  const runtime = await createRuntime({ servers: [{ name: "server", command: definition(target) }] })
  await runtime.connect("server")
  return {
    call: (tool, args = {}) => runtime.callTool("server", tool, { args: { ...args } }),
    list: async () => (await runtime.listTools("server")).length,
    close: () => runtime.close()
  }
}
