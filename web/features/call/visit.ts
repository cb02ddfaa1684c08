/** What a reload needs to bring a participant back as they were. The own face is not in here: it is asked for again. */

export interface Visit {
  identity: string;
  camera: boolean;
  microphone: boolean;
}

const keyOf = (room: string): string => `talchum:visit:${room}`;

export function rememberVisit(storage: Storage, room: string, visit: Visit | null): void {
  if (visit === null) storage.removeItem(keyOf(room));
  else storage.setItem(keyOf(room), JSON.stringify(visit));
}

export function rememberedVisit(storage: Storage, room: string): Visit | null {
  try {
    const value = JSON.parse(storage.getItem(keyOf(room)) ?? "null") as Partial<Visit> | null;
    if (value === null || typeof value.identity !== "string") return null;
    return {
      identity: value.identity,
      camera: value.camera !== false,
      microphone: value.microphone !== false,
    };
  } catch {
    return null;
  }
}
