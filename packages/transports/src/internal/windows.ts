/**
 * What only Windows needs: `npx` and its like are `.cmd` files there, which only the command interpreter can start, with
 * escaping rules of its own. cross-spawn knows them; killing the whole tree (`taskkill`) is Effect's spawner's.
 */
import spawn from "cross-spawn"

declare module "cross-spawn" {
  // Not in its types, but stable since version 5 and made for this.
  function _parse(command: string, args: ReadonlyArray<string>, options: object): {
    readonly command: string
    readonly args: ReadonlyArray<string>
    readonly options: { readonly windowsVerbatimArguments?: boolean }
  }
}

export interface Resolved {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** The interpreter to give `command` to, whole. */
  readonly shell: string | undefined
}

export const resolve = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Resolved => {
  const parsed = spawn._parse(command, args, { env })
  const script = parsed.args.at(-1)
  return parsed.options.windowsVerbatimArguments === true && script !== undefined
    ? { command: script.slice(1, -1), args: [], shell: parsed.command }
    : { command, args, shell: undefined }
}
