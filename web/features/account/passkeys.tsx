"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { accountApi, type KeptPasskey } from "@/lib/account/account-api";
import { browserHasPasskeys, makePasskey } from "@/lib/account/passkeys";
import styles from "./account.module.css";
import { Confirm } from "./confirm";
import { dayText } from "./day-text";
import { Problem } from "./problem";
import { useAsking } from "./use-asking";

/** The passkeys of who is signed in. available: whether this service can have any. */
export function Passkeys({ available }: { available: boolean }) {
  const { t, language } = useI18n();
  const [passkeys, setPasskeys] = useState<KeptPasskey[] | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const { busy, failure, run } = useAsking();
  useEffect(() => {
    void run(async () => setPasskeys(await accountApi.passkeys()));
  }, [run]);
  const add = async (): Promise<void> => {
    await makePasskey();
    setPasskeys(await accountApi.passkeys());
  };
  const remove = async (id: string): Promise<void> => {
    await run(async () => setPasskeys(await accountApi.removePasskey(id)));
    setRemoving(null);
  };
  return (
    <section className={styles.panel} aria-labelledby="passkeys">
      <h2 id="passkeys">{t("account.passkeys")}</h2>
      {passkeys?.length === 0 && <p data-testid="passkeys-none">{t("account.passkeysNone")}</p>}
      <ul className={styles.list}>
        {passkeys?.map((passkey) => (
          <li key={passkey.id} className={styles.row} data-testid="passkey">
            <span>
              {t("account.passkeyMade", { day: dayText(language, passkey.createdAt) })}
              <small>
                {passkey.usedAt === null
                  ? t("account.passkeyUnused")
                  : t("account.passkeyUsed", { day: dayText(language, passkey.usedAt) })}
              </small>
            </span>
            <Button look="quiet" data-testid="remove-passkey" onClick={() => setRemoving(passkey.id)}>
              {t("account.remove")}
            </Button>
          </li>
        ))}
      </ul>
      <Problem code={failure} />
      {available && browserHasPasskeys() ? (
        <Button disabled={busy} data-testid="add-passkey" onClick={() => void run(add)}>
          {t("account.addPasskey")}
        </Button>
      ) : (
        <p data-testid="no-passkeys">{t("account.noPasskeys")}</p>
      )}
      {removing !== null && (
        <Confirm
          title={t("account.removePasskey")}
          text={t(passkeys?.length === 1 ? "account.removeLastText" : "account.removePasskeyText")}
          action={t("account.remove")}
          busy={busy}
          onConfirm={() => void remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </section>
  );
}
