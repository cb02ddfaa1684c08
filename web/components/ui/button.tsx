import type { ButtonHTMLAttributes } from "react";
import styles from "./button.module.css";

type Look = "primary" | "plain" | "quiet" | "danger";

/** A button of the house; everything a <button> takes goes through. */
export function Button({
  look = "plain",
  className,
  type = "button",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look }) {
  return (
    <button
      type={type}
      className={[styles.button, styles[look], className].filter(Boolean).join(" ")}
      {...rest}
    />
  );
}
