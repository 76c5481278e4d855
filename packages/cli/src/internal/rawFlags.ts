/** Flags that matter before, or without, a command line that is valid. */

/** Whether a boolean flag is set, as the parser reads it: `--name`, `--name=yes`, `--no-name`; nothing after `--`. */
export const isSet = (words: ReadonlyArray<string>, name: string): boolean => {
  const end = words.indexOf("--")
  const flags = end === -1 ? words : words.slice(0, end)
  return flags.some((word, index) =>
    word === `--${name}`
      ? !isFalse(flags[index + 1])
      : word.startsWith(`--${name}=`) && !isFalse(word.slice(name.length + 3))
  )
}

const isFalse = (text: string | undefined): boolean => text !== undefined && falseWords.has(text)

const falseWords: ReadonlySet<string> = new Set(["false", "no", "off", "0", "n"])
