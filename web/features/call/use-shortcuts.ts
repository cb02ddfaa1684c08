"use client";

import { useEffect } from "react";

export interface CallActions {
  mute(): void;
  camera(): void;
  faces(): void;
  devices(): void;
  record(): void;
  keys(): void;
  leave(): void;
}

export const SHORTCUTS = [
  { key: "m", action: "mute" },
  { key: "v", action: "camera" },
  { key: "f", action: "faces" },
  { key: "s", action: "devices" },
  { key: "l", action: "leave" },
  { key: "h", action: "keys" },
] as const satisfies readonly { key: string; action: keyof CallActions }[];

/** The physical key, so that M is M under a Korean keyboard layout as well. */
function pressedKey(event: KeyboardEvent): string {
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key.toLowerCase();
}

/** Single keys for the call's controls, but not while something is being typed or a dialog is open. */
export function useShortcuts(actions: CallActions, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog")) return;
      const shortcut = SHORTCUTS.find(({ key }) => key === pressedKey(event));
      if (shortcut === undefined) return;
      event.preventDefault();
      actions[shortcut.action]();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [actions, enabled]);
}
