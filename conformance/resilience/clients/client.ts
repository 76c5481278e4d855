/** What a scenario may want of a client, ours or a peer. */
export type Target =
  | { readonly command: string; readonly args: ReadonlyArray<string> }
  | { readonly url: string }

export interface Client {
  readonly connect: (target: Target) => Promise<void>
  readonly list: () => Promise<ReadonlyArray<string>>
  /** The text of the answer. */
  readonly call: (tool: string, args: Readonly<Record<string, unknown>>) => Promise<string>
  readonly close: () => Promise<void>
  /**
   * Where the client lists many servers by itself: the names of those whose tools are known, as soon as they are as many
   * as `enough`.
   */
  readonly survey?: (targets: Readonly<Record<string, Target>>, enough: number) => Promise<ReadonlyArray<string>>
}

/** The text of a tool's result, whatever else is in it. */
export const textOf = (result: unknown): string => {
  if (typeof result !== "object" || result === null || !("content" in result) || !Array.isArray(result.content)) {
    return ""
  }
  return result.content.map((block: unknown) =>
    typeof block === "object" && block !== null && "text" in block ? String(block.text) : ""
  ).join("")
}
