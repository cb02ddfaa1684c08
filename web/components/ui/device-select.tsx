"use client";

import { useId } from "react";
import type { Device } from "@/lib/media/devices";
import styles from "./device-select.module.css";

/** One labelled list of devices. */
export function DeviceSelect({
  label,
  devices,
  value,
  fallback,
  onChoose,
  testId,
}: {
  label: string;
  devices: readonly Device[];
  value: string;
  /** Shown while there is nothing to choose from, and for devices without a name. */
  fallback: string;
  onChoose(id: string): void;
  testId: string;
}) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={devices.length === 0}
        data-testid={testId}
        onChange={(event) => onChoose(event.target.value)}
      >
        {devices.length === 0 && <option value={value}>{fallback}</option>}
        {devices.map((device, index) => (
          <option key={device.id} value={device.id}>
            {device.label === "" ? `${fallback} ${index + 1}` : device.label}
          </option>
        ))}
      </select>
    </div>
  );
}
