import type { ComponentProps } from "react";
import styles from "./button.module.css";

type Look = "primary" | "plain" | "quiet" | "danger";

/** A button of the house; everything a <button> takes goes through. `look` null: only `className` dresses it. */
export function Button({
  look = "plain",
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { look?: Look | null }) {
  return (
    <button
      type={type}
      className={[look !== null && styles.button, look !== null && styles[look], className]
        .filter(Boolean)
        .join(" ")}
      {...rest}
    />
  );
}
