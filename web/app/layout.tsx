import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { LanguageProvider } from "@/i18n";
import "./globals.css";

export const metadata: Metadata = {
  title: "Talchum · 탈춤",
  description: "Live video calls in which you wear another face, openly",
  // Call links carry the room in the fragment; nothing about it goes to other sites.
  referrer: "no-referrer",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4eddc" },
    { media: "(prefers-color-scheme: dark)", color: "#17181c" },
  ],
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <LanguageProvider>{children}</LanguageProvider>
      </body>
    </html>
  );
}
