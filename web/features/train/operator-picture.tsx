"use client";

import { useOperatorPicture } from "./use-operator-picture";

/** A picture that only the operator may load. */
export function OperatorPicture({
  load,
  alt,
  className,
  testId,
}: {
  load: (() => Promise<Blob>) | null;
  alt: string;
  className?: string;
  testId?: string;
}) {
  const address = useOperatorPicture(load);
  if (address === null) return <span className={className} aria-hidden="true" />;
  // biome-ignore lint/performance/noImgElement: a blob that is in memory already
  return <img src={address} alt={alt} className={className} data-testid={testId} />;
}
