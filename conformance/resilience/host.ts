/** A program that uses one client, told by its parent what to do: `node host.ts <client>`. */
import type { Client, Target } from "./clients/client.ts"

export type Request =
  | { readonly do: "connect"; readonly target: Target }
  | { readonly do: "list" | "close" }
  | { readonly do: "call"; readonly tool: string; readonly args: Readonly<Record<string, unknown>> }
  | { readonly do: "survey"; readonly targets: Readonly<Record<string, Target>>; readonly enough: number }

export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const { make } = await import(`./clients/${process.argv[2]}.ts`) as { readonly make: () => Client }
const client = make()

const perform = (request: Request): Promise<unknown> => {
  switch (request.do) {
    case "connect":
      return client.connect(request.target)
    case "list":
      return client.list()
    case "call":
      return client.call(request.tool, request.args)
    case "close":
      return client.close()
    case "survey":
      return client.survey?.(request.targets, request.enough) ?? Promise.reject(new Error("no such thing"))
  }
}

/** All that an error has to tell, whatever it is made of. */
const words = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? "" : `; ${words(error.cause)}`
  return `${error.message} ${JSON.stringify({ ...error })}${cause}`
}

process.on("message", ({ id, ...request }: Request & { readonly id: number }) => {
  const reply = (reply: Omit<Reply, "id">) => process.send?.({ id, ...reply })
  perform(request as Request).then(
    (value) => reply({ value: value ?? null }),
    (error: unknown) => reply({ error: words(error) })
  )
})
process.on("disconnect", () => process.exit())
process.send?.({ id: 0 })
