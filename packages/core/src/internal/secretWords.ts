/** What secrets are called, in the names of flags and variables and in the words of a form: the only list. */

/** Names of secrets that are numbers. */
const numbers = [
  "(?:one time|verification|security|sms|mfa|2fa|backup|login|access|auth(?:entication|orization)?) (?:code|password)",
  "t?otp",
  "2fa",
  "mfa",
  "pin(?: ?code)?",
  "cv[vc]2?",
  "(?:credit|debit|bank) ?card",
  "card number",
  "ssn",
  "social security"
]

/** Unmistakable, also as the end of a longer word, such as `PGPASSWORD`. */
const endings = [
  "token",
  "secret",
  "credential",
  "cookie",
  "mnemonic",
  "pass ?(?:word|phrase|code|key|wd)",
  // In other languages, without their accents.
  "passwort",
  "kennwort",
  "contrasena",
  "senha",
  "mot de passe",
  "пароль",
  "密码",
  "密碼",
  "(?:api|access|auth|secret|private|signing|encryption|ssh|pgp|gpg|recovery|account) ?key"
]

const texts = [
  ...numbers,
  ...endings.map((ending) => String.raw`\p{L}*${ending}`),
  "pwd",
  "bearer",
  "(?:seed|recovery|secret|backup|wallet) ?(?:phrase|word|code|seed)",
  "security (?:question|answer)"
]

/** In a sentence these mean much else. */
const names = [
  ...texts,
  "auth",
  "authentication",
  "authorization",
  "cred",
  "dsn",
  "jwt",
  "key",
  "pass",
  "pat",
  "(?:user|db|sql|ftp|smtp|root|admin) ?(?:pass|pwd|pw)",
  "pw",
  "session",
  "sig",
  "signature"
]

const anyOf = (words: ReadonlyArray<string>) => new RegExp(`(?:^| )(?:${words.join("|")})s?(?: |$)`, "u")

/** In a text of small letters with one space between words: the title of a form's field, its description, a message. */
export const inText = anyOf(texts)

/** The same for a field that takes a number. */
export const inTextOfNumber = anyOf(numbers)

/** In the words of a name, written in the same way. */
export const inName = anyOf(names)

/** What may stand before a credential in a header: the scheme, and the credential. */
export const schemed = /^(basic|bearer|token|apikey|digest|negotiate|bot)\s+(\S.*)$/is
