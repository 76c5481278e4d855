/** What the workloads want of a client, ours or a peer. */
export type Target =
  | { readonly transport: "stdio"; readonly command: string; readonly args: ReadonlyArray<string> }
  | { readonly transport: "http" | "sse"; readonly url: string }

export interface Connection {
  readonly call: (tool: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>
  /** How many tools there are, asked of the server. */
  readonly list: () => Promise<number>
  /** Only where the client has it. */
  readonly callWithProgress?: (
    tool: string,
    args: Readonly<Record<string, unknown>>,
    on: () => void
  ) => Promise<unknown>
  /** Calls `echo`, one after the other, until the meter has enough. Only where a program would not loop over promises. */
  readonly loop?: (meter: Meter, inFlight: number) => Promise<void>
  readonly close: () => Promise<void>
}

export type Connect = (target: Target) => Promise<Connection>

export interface Meter {
  readonly begin: () => number
  /** Whether to go on. */
  readonly end: (began: number) => boolean
}

export const args = { message: "hello" }

/** As a program does it that awaits. */
export const loop = async (connection: Connection, meter: Meter, inFlight: number): Promise<void> => {
  if (connection.loop !== undefined) return connection.loop(meter, inFlight)
  const one = async () => {
    let began
    do {
      began = meter.begin()
      await connection.call("echo", args)
    } while (meter.end(began))
  }
  await Promise.all(Array.from({ length: inFlight }, one))
}
