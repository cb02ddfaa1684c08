/** A face chosen before the call was made: its lobby opens with that face on, and anybody may change it there. */

const keyOf = (room: string): string => `talchum:face:${room}`;

export function chooseFace(storage: Storage, room: string, identity: string): void {
  storage.setItem(keyOf(room), identity);
}

/** The face that was chosen for this room, once. */
export function takeChosenFace(storage: Storage, room: string): string | null {
  const identity = storage.getItem(keyOf(room));
  storage.removeItem(keyOf(room));
  return identity;
}
