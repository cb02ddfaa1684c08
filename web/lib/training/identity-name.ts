/** The twin of the rule in src/talchum/domain/identity.py. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Whether a new identity may be called that. */
export function isIdentityName(text: string): boolean {
  return NAME.test(text);
}
