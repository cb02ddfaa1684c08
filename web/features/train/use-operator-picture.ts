"use client";

import { useEffect, useState } from "react";

/**
 * The address of a picture that needs the operator's token, which an <img> cannot send.
 *
 * load: fetches it; another function means another picture, and the old one stays until that one is there. null: none.
 */
export function useOperatorPicture(load: (() => Promise<Blob>) | null): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    if (load === null) return;
    let wanted = true;
    load().then(
      (picture) => {
        if (wanted) setAddress(URL.createObjectURL(picture));
      },
      () => undefined, // it is an ornament; the list beside it says what is wrong
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  useEffect(() => () => void (address !== null && URL.revokeObjectURL(address)), [address]);
  return address;
}
