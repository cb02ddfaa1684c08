import { VerifyPage } from "@/features/verify/verify-page";

export default function Page() {
  return <VerifyPage />;
}
