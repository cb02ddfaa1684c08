/** The room in a pasted link (`…/call/#ROOM`) or bare code; null when it is neither. */
export function roomOf(text: string): string | null {
  const code = text.trim().split("#").at(-1) ?? "";
  return /^[A-Za-z0-9_-]{16,64}$/.test(code) ? code : null;
}
