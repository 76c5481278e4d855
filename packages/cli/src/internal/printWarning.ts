import * as SafeText from "@universal-mcp/core/SafeText"
import { labelled } from "../render/quote.ts"
import type { Screen } from "../render/Screen.ts"
import { printError } from "./sink.ts"

/** A warning as a line on stderr, with `--json` one of JSON. */
export const printWarning = (
  { err, errLineWidth }: Screen["Service"],
  json: boolean,
  { message, server }: { readonly message: string; readonly server?: string }
) =>
  printError(
    json
      ? SafeText.json({ warning: { ...(server === undefined ? {} : { server }), message } })
      : labelled(
        SafeText.format`warning:`,
        server === undefined ? message : `"${server}": ${message}`,
        errLineWidth,
        err.yellow
      )
  )
