/** How a room is named in what the installation signs and notes; the twin of `room_name` in src/talchum/domain/audit.py. */

export async function roomName(room: string): Promise<string> {
  const key = base64Url((await sha256(`talchum room ${room}`)).slice(0, 16));
  const name = await sha256(`talchum audit room ${key}`);
  return [...name].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
