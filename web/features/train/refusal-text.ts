import { failureText, hasFailureText, type Translate } from "@/i18n";

/** Why something was refused or failed: in the page's own words, or else as the server said it. */
export function refusalText(
  t: Translate,
  { code, message }: { readonly code: string; readonly message: string },
): string {
  return hasFailureText(code) || message === "" ? failureText(t, code) : message;
}
