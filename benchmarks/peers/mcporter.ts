import type { Connect, Target } from "../clients/client.ts"

/** What is used of `mcporter`, which is not installed where this is checked. */
interface Mcporter {
  readonly createRuntime: (
    options: { readonly servers: ReadonlyArray<{ readonly name: string; readonly command: object }> }
  ) => Promise<Runtime>
}

interface Runtime {
  connect(name: string): Promise<unknown>
  listTools(name: string): Promise<ReadonlyArray<unknown>>
  callTool(name: string, tool: string, options: { readonly args: Readonly<Record<string, unknown>> }): Promise<unknown>
  close(): Promise<void>
}

const name: string = "mcporter"
const { createRuntime }: Mcporter = await import(name)

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
