"use client";

import { Trouble } from "@/components/ui/trouble";
import { useI18n } from "@/i18n";

export default function NotFound() {
  const { t } = useI18n();
  return <Trouble message={t("error.room_unknown")} />;
}
