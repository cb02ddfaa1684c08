/** The certificate of a connection's other side: as its description promises it, and as the transport has it. */

const LINE = /^a=fingerprint:\s*([\w-]{1,32})\s+([0-9A-Fa-f:]{1,191})\s*$/;

/** `sha-256 AB:CD:...` (RFC 8122, 5); null when there is none, or more than one. */
export function fingerprintOf(sdp: string): string | null {
  const found = new Set<string>();
  for (const line of sdp.split(/[\r\n]+/)) {
    if (!line.toLowerCase().startsWith("a=fingerprint")) continue;
    const [, algorithm, value] = LINE.exec(line) ?? [];
    if (algorithm === undefined || value === undefined) return null;
    found.add(`${algorithm.toLowerCase()} ${value.toUpperCase()}`);
  }
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

/**
 * Of the certificate that the DTLS transport really has (W3C WebRTC Statistics, `certificate`); null where the browser
 * does not tell: Firefox checks it against the description and says no more.
 */
export function certificateOf(report: RTCStatsReport): string | null {
  for (const entry of report.values()) {
    if (entry.type !== "transport" || typeof entry.remoteCertificateId !== "string") continue;
    const certificate = report.get(entry.remoteCertificateId);
    if (typeof certificate?.fingerprint !== "string") continue;
    return `${String(certificate.fingerprintAlgorithm).toLowerCase()} ${certificate.fingerprint.toUpperCase()}`;
  }
  return null;
}
