/** Text that is hidden where it is redacted. */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

export const Secret = Schema.Union([Schema.String, Schema.Redacted(Schema.String)])

export const reveal = (value: typeof Secret.Type): string => Redacted.isRedacted(value) ? Redacted.value(value) : value
