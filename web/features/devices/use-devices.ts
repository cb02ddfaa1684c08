"use client";

import { useEffect, useState } from "react";
import { type Devices, listDevices } from "@/lib/media/devices";

const NONE: Devices = { cameras: [], microphones: [], speakers: [] };

/** The devices of this machine; their names come with the first permission, hence `granted`. */
export function useDevices(granted: boolean): Devices {
  const [devices, setDevices] = useState<Devices>(NONE);
  useEffect(() => {
    const media = navigator.mediaDevices;
    if (media === undefined) return;
    const refresh = (): void => {
      listDevices().then(setDevices, () => setDevices(NONE));
    };
    // Read again once a camera or microphone is open.
    if (granted || devices.cameras.length === 0) refresh();
    media.addEventListener?.("devicechange", refresh);
    return () => media.removeEventListener?.("devicechange", refresh);
  }, [granted, devices.cameras.length]);
  return devices;
}
